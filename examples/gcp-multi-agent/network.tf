# A network of its own with a way out, because the agents must reach the broker.

resource "google_compute_network" "this" {
  name                            = var.name
  auto_create_subnetworks         = false
  delete_default_routes_on_create = true
}

resource "google_compute_subnetwork" "this" {
  name          = var.name
  network       = google_compute_network.this.id
  ip_cidr_range = "10.42.0.0/24"
}

resource "google_compute_route" "internet" {
  name             = "${var.name}-internet"
  network          = google_compute_network.this.name
  dest_range       = "0.0.0.0/0"
  next_hop_gateway = "default-internet-gateway"
}

# Out: the broker, and the download of callsign. In: nothing, unless you say so; a network of one's
# own lets nothing in by default. Names, the time and the metadata service are the platform's own
# and pass no firewall.
resource "google_compute_firewall" "out_https" {
  name               = "${var.name}-out-https"
  network            = google_compute_network.this.name
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = distinct(["443", tostring(module.agents.broker_port)])
  }
}

resource "google_compute_firewall" "out_nothing_else" {
  name               = "${var.name}-out-nothing-else"
  network            = google_compute_network.this.name
  direction          = "EGRESS"
  priority           = 2000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "in_ssh" {
  count = length(var.ssh_from) > 0 ? 1 : 0

  name          = "${var.name}-in-ssh"
  network       = google_compute_network.this.name
  direction     = "INGRESS"
  source_ranges = var.ssh_from

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}
