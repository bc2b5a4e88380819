//! Does identity/ believe the documents that Azure signs, and nothing else?

mod real_documents;
