# One EC2 instance with two agents on it. They share the instance's signed identity; the name that
# each is started with tells them apart.

terraform {
  required_version = ">= 1.4"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { Name = var.name }
  }
}

module "agents" {
  source = "../agents-module"

  cloud       = "aws"
  account     = data.aws_caller_identity.this.account_id
  instance_id = aws_instance.this.id
  name        = var.name
  agents      = ["main", "dev"]
  callsign    = var.callsign
}

data "aws_caller_identity" "this" {}

data "aws_ec2_instance_type" "this" {
  instance_type = var.instance_type
}

data "aws_ami" "ubuntu" {
  most_recent = true
  owners      = ["099720109477"] # Canonical

  filter {
    name   = "name"
    values = ["ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-*-server-*"]
  }

  filter {
    name   = "architecture"
    values = [contains(data.aws_ec2_instance_type.this.supported_architectures, "arm64") ? "arm64" : "x86_64"]
  }
}

resource "aws_instance" "this" {
  ami                         = data.aws_ami.ubuntu.id
  instance_type               = var.instance_type
  subnet_id                   = aws_subnet.this.id
  vpc_security_group_ids      = [aws_security_group.this.id]
  associate_public_ip_address = true

  # cloud-init runs it on the first boot only, so a changed script needs a new machine.
  user_data                   = module.agents.boot
  user_data_replace_on_change = true

  # Version 2 only, and answers do not leave the machine: a container, or a program that can be
  # tricked into fetching a URL, must not come by the proof of identity.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted   = true
    volume_type = "gp3"
  }

  lifecycle {
    ignore_changes = [ami] # a newer image is no reason to replace the machine
  }

  # The first thing that the machine does is to fetch callsign.
  depends_on = [
    aws_route_table_association.this,
    aws_vpc_security_group_egress_rule.https,
  ]
}
