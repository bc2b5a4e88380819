output "boot" {
  description = "The script for the machine's first boot, for cloud-init."
  value       = local.boot
}

output "broker_port" {
  description = "The port that the machine must reach besides 443."
  value       = tonumber(coalesce(one(regex("^https://[^:]+:?([0-9]*)$", var.callsign.broker_url)), "443"))
}

output "registration" {
  description = "What is registered with the broker; `callsign apply -f -` takes it."
  value       = local.registration
}
