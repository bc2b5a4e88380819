//! What does a verified document tell beyond who the machine is? What its cloud signed, no more.

use super::fixture::{SIGNER, detached, document, document_of, now, pkcs7, verified};

#[test]
fn aws_tells_image_type_and_launch() {
    for proof in [pkcs7(&SIGNER, &document()), detached(&SIGNER, &document())] {
        let instance = verified(&proof).unwrap();
        assert_eq!(instance.image_id(), Some("ami-0123456789abcdef0"));
        assert_eq!(instance.instance_type(), Some("t3.small"));
        assert_eq!(instance.launched_at(), Some(now()));
        assert_eq!((instance.sku(), instance.zone()), (None, None));
    }
}

#[test]
fn the_launch_is_that_of_the_document_not_of_the_signature() {
    let launched = now() - chrono::TimeDelta::days(400);
    let proof = pkcs7(&SIGNER, &document_of(super::fixture::REGION, launched));
    assert_eq!(verified(&proof).unwrap().launched_at(), Some(launched));
}

#[test]
fn what_a_document_leaves_out_is_not_known() {
    let document = document()
        .replace("\"ami-0123456789abcdef0\"", "null")
        .replace("\"instanceType\" : \"t3.small\",\n", "");
    let instance = verified(&pkcs7(&SIGNER, &document)).unwrap();
    assert_eq!((instance.image_id(), instance.instance_type()), (None, None));
}
