variable "cloud" {
  description = "The cloud, as callsign calls it: aws, azure or google."
  type        = string

  validation {
    condition     = contains(["aws", "azure", "google"], var.cloud)
    error_message = "A cloud is one of aws, azure, google."
  }
}

variable "account" {
  description = "What the machine must prove to run in: the AWS account, the Azure subscription, the Google project."
  type        = string
}

variable "instance_id" {
  description = "The cloud's id of the machine, as its signed identity names it."
  type        = string
}

variable "name" {
  description = "What people call the machine."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", var.name))
    error_message = "A name is 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit."
  }
}

variable "agents" {
  description = "The names of the agents that share the machine. Each is also the end of a unit's and a user's name."
  type        = list(string)

  validation {
    condition     = alltrue([for name in var.agents : can(regex("^[a-z0-9][a-z0-9_-]{0,22}$", name))])
    error_message = "An agent's name here is 1 to 23 characters of a-z 0-9 _ - and begins with a letter or digit."
  }
}

variable "callsign" {
  description = "The broker, and where machines fetch the callsign program from."
  type = object({
    broker_url      = string
    download_url    = string
    download_sha256 = string
  })

  validation {
    condition     = can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?$", var.callsign.broker_url))
    error_message = "broker_url is https://host or https://host:port: proofs and tokens must not travel in the clear."
  }

  validation {
    condition     = can(regex("^https://[A-Za-z0-9._~:/?&=%+-]+$", var.callsign.download_url))
    error_message = "download_url is an https URL."
  }

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.callsign.download_sha256))
    error_message = "download_sha256 is 64 hex digits in lower case, as sha256sum prints them."
  }
}
