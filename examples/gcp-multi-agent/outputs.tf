output "instance_id" {
  description = "The instance, as the broker knows it."
  value       = google_compute_instance.this.instance_id
}

output "public_ip" {
  description = "Where SSH answers, if you opened it."
  value       = google_compute_instance.this.network_interface[0].access_config[0].nat_ip
}

output "registration" {
  description = "What is registered with the broker; `callsign apply -f -` takes it."
  value       = module.agents.registration
}
