output "instance_id" {
  description = "The instance, as the broker knows it."
  value       = aws_instance.this.id
}

output "public_ip" {
  description = "Where SSH answers, if you opened it."
  value       = aws_instance.this.public_ip
}

output "registration" {
  description = "What is registered with the broker; `callsign apply -f -` takes it."
  value       = module.agents.registration
}
