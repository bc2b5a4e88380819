//! What does the machine's cloud say about it? A reader for each metadata service.

mod aws;

pub use aws::{AwsMetadataReader, MetadataError};
