//! Does identity/ believe what is genuine, and nothing else?

mod azure;
mod document_attacks;
mod envelope;
mod envelope_attacks;
mod facts;
pub mod fixture;
mod google;
mod properties;
mod real_documents;
mod trust_check;
mod trust_files;
mod verifier;
