output "instance_id" {
  description = "The machine's vmId, as the broker knows it."
  value       = azurerm_linux_virtual_machine.this.virtual_machine_id
}

output "public_ip" {
  description = "Where SSH answers, if you opened it."
  value       = azurerm_public_ip.this.ip_address
}

output "registration" {
  description = "What is registered with the broker; `callsign apply -f -` takes it."
  value       = module.agents.registration
}
