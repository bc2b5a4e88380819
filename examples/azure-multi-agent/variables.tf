variable "subscription_id" {
  description = "The subscription to make it all in; it is also what the machine must prove."
  type        = string
}

variable "region" {
  description = "The Azure region."
  type        = string
  default     = "westeurope"
}

variable "instance_type" {
  description = "The size of the machine; the callsign program must be built for its architecture."
  type        = string
  default     = "Standard_B1s"
}

variable "name" {
  description = "What people call the machine."
  type        = string
  default     = "azure-multi-agent"
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

variable "ssh_public_key" {
  description = "A public key for SSH: Azure makes no machine without one. It opens nothing while ssh_from is empty."
  type        = string
}
