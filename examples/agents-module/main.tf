# What is the same on every cloud: the script that starts the agents on a machine's first boot, and
# the machine's registration with the broker. The templates beside this folder bring the machine.

terraform {
  required_version = ">= 1.4" # terraform_data
}

locals {
  boot = templatefile("${path.module}/boot.sh.tftpl", {
    agents          = join(" ", var.agents)
    auth            = "${var.cloud}-instance-identity"
    broker_url      = var.callsign.broker_url
    download_url    = var.callsign.download_url
    download_sha256 = var.callsign.download_sha256
    unit            = file("${path.module}/../systemd/callsign-agent@.service")
  })

  registration = jsonencode({
    resource = [{
      provider    = var.cloud
      instance_id = var.instance_id
      name        = var.name
      account     = var.account
      labels      = { made-by = "terraform" }
      agents      = [for name in var.agents : { name = name }]
    }]
  })
}

# The broker learns of the machine by the `callsign` of whoever runs Terraform. It reads the
# operator's token from the environment, CALLSIGN_OPERATOR_TOKEN: the token is in no file, no state
# and no plan. Made anew whenever the declaration changes; to apply it twice changes nothing.
resource "terraform_data" "registration" {
  triggers_replace = [local.registration, var.callsign.broker_url]

  provisioner "local-exec" {
    command = "printf '%s' \"$REGISTRATION\" | callsign apply -f -"
    environment = {
      CALLSIGN_URL = var.callsign.broker_url
      REGISTRATION = local.registration
    }
  }
}

# The end of the machine is the end of its registration, and of its agents' tokens.
resource "terraform_data" "retirement" {
  triggers_replace = [var.cloud, var.instance_id]

  input = {
    broker_url  = var.callsign.broker_url
    provider    = var.cloud
    instance_id = var.instance_id
  }

  provisioner "local-exec" {
    when    = destroy
    command = "callsign resources retire --if-live \"$PROVIDER/$INSTANCE_ID\""
    environment = {
      CALLSIGN_URL = self.input.broker_url
      PROVIDER     = self.input.provider
      INSTANCE_ID  = self.input.instance_id
    }
  }
}
