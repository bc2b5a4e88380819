# One Azure virtual machine with two agents on it. They share the machine's signed identity; the
# name that each is started with tells them apart.

terraform {
  required_version = ">= 1.4"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

provider "azurerm" {
  subscription_id = var.subscription_id

  features {}
}

module "agents" {
  source = "../agents-module"

  cloud       = "azure"
  account     = var.subscription_id
  instance_id = azurerm_linux_virtual_machine.this.virtual_machine_id
  name        = var.name
  agents      = ["main", "dev"]
  callsign    = var.callsign
}

resource "azurerm_resource_group" "this" {
  name     = var.name
  location = var.region
}

resource "azurerm_linux_virtual_machine" "this" {
  name                  = var.name
  resource_group_name   = azurerm_resource_group.this.name
  location              = azurerm_resource_group.this.location
  size                  = var.instance_type
  network_interface_ids = [azurerm_network_interface.this.id]

  # cloud-init runs it on the first boot only; a changed script makes Azure replace the machine.
  custom_data = base64encode(module.agents.boot)

  admin_username                  = "ubuntu"
  disable_password_authentication = true

  admin_ssh_key {
    username   = "ubuntu"
    public_key = var.ssh_public_key
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }

  # Azure's managed disks are always encrypted at rest. The machine boots only what is signed.
  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "StandardSSD_LRS"
  }

  # Its console can be read without SSH; Azure keeps it, no storage account of one's own is needed.
  boot_diagnostics {}

  secure_boot_enabled = true
  vtpm_enabled        = true

  # The first thing that the machine does is to fetch callsign.
  depends_on = [azurerm_subnet_network_security_group_association.this]
}
