variable "project" {
  description = "The project to make it all in; it is also what the machine must prove."
  type        = string
}

variable "region" {
  description = "The Google Cloud region; the machine runs in its zone b."
  type        = string
  default     = "europe-west1"
}

variable "instance_type" {
  description = "The machine type; the callsign program must be built for its architecture."
  type        = string
  default     = "e2-micro"
}

variable "name" {
  description = "What people call the machine; also the id of its service account."
  type        = string
  default     = "gcp-multi-agent"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.name))
    error_message = "A name is 6 to 30 characters of a-z 0-9 - and begins with a letter, ends with a letter or digit."
  }
}

variable "callsign" {
  description = "The broker, and where the machine fetches the callsign program from."
  type = object({
    broker_url      = string
    download_url    = string
    download_sha256 = string
  })
}

variable "ssh_from" {
  description = "Networks that may open SSH connections, as [\"35.235.240.0/20\"] for Identity-Aware Proxy; none: port 22 is closed."
  type        = list(string)
  default     = []
}
