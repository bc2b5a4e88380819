//! Does identity/ believe the documents that Azure signs, and nothing else?

mod certificate_attacks;
mod challenge;
mod forge;
mod message_attacks;
mod properties;
mod real_documents;
mod trust_files;
mod weak;
