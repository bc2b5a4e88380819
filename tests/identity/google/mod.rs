//! Does identity/ believe Google's tokens, of its machines, for us, and no others?

mod claims;
mod fixture;
mod header_attacks;
mod keeping;
mod key_sets;
mod properties;
mod real_tokens;
