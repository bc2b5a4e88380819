variable "region" {
  description = "The AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "instance_type" {
  description = "The instance type; the callsign program must be built for its architecture."
  type        = string
  default     = "t3.micro"
}

variable "name" {
  description = "What people call the machine."
  type        = string
  default     = "aws-multi-agent"
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
  description = "Networks that may open SSH connections, as [\"203.0.113.7/32\"]; none: port 22 is closed."
  type        = list(string)
  default     = []
}
