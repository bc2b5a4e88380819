# One Compute Engine instance with two agents on it. They share the instance's signed identity; the
# name that each is started with tells them apart.

terraform {
  required_version = ">= 1.4"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.0, < 8.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

module "agents" {
  source = "../agents-module"

  cloud       = "google"
  account     = var.project
  instance_id = google_compute_instance.this.instance_id
  name        = var.name
  agents      = ["main", "dev"]
  callsign    = var.callsign
}

# Identity tokens are there only for machines that have a service account. This one may do nothing.
resource "google_service_account" "this" {
  account_id   = var.name
  display_name = "callsign agents; no roles"
}

resource "google_compute_instance" "this" {
  name         = var.name
  machine_type = var.instance_type
  zone         = "${var.region}-b"

  # Google's disks are always encrypted at rest.
  boot_disk {
    initialize_params {
      image = "ubuntu-os-cloud/ubuntu-2404-lts-amd64"
    }
  }

  network_interface {
    subnetwork = google_compute_subnetwork.this.id
    access_config {} # a public address: the way out
  }

  service_account {
    email  = google_service_account.this.email
    scopes = ["userinfo-email"]
  }

  metadata = {
    user-data              = module.agents.boot
    enable-oslogin         = "TRUE"
    block-project-ssh-keys = "TRUE"
  }

  # The machine boots only what is signed.
  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  # cloud-init runs the script on the first boot only, so a changed one needs a new machine.
  lifecycle {
    replace_triggered_by = [terraform_data.boot]
    ignore_changes       = [boot_disk[0].initialize_params[0].image]
  }

  # The first thing that the machine does is to fetch callsign.
  depends_on = [
    google_compute_route.internet,
    google_compute_firewall.out_https,
  ]
}

resource "terraform_data" "boot" {
  input = module.agents.boot
}
