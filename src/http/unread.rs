//! What becomes of a body that is answered before it is read to its end? It is not read on, and its
//! connection ends.
//!
//! actix sees to that where a length was announced: the connection is closed a second after the
//! answer. Of a body in chunks, which may have no end, it would read and drop whatever comes for as
//! long as it comes, once nobody holds it any more. So it is held until the answer is on its way:
//! then the same is done with it.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;

/// The body of a request, in chunks.
pub(super) struct Chunks(Rc<RefCell<Payload>>);

impl Chunks {
    /// Those of this request, which are read through these from now on.
    pub(super) fn of(request: &mut ServiceRequest) -> Option<Self> {
        if !request.chunked().unwrap_or(true) {
            return None;
        }
        let chunks = Rc::new(RefCell::new(request.take_payload()));
        let lent: Pin<Box<dyn Stream<Item = _>>> = Box::pin(Lent(Rc::clone(&chunks)));
        request.set_payload(Payload::Stream { payload: lent });
        Some(Self(chunks))
    }

    /// Holds them until this is answered.
    pub(super) fn until(self, response: ServiceResponse) -> ServiceResponse {
        response.map_body(|_, answer| BoxBody::new(Answer { answer, _chunks: self.0 }))
    }
}

/// The chunks, as they are read.
struct Lent(Rc<RefCell<Payload>>);

impl Stream for Lent {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// An answer, with the chunks that must not be let go before it is given.
struct Answer {
    answer: BoxBody,
    _chunks: Rc<RefCell<Payload>>,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        match self.answer.size() {
            // Of an answer without a body nothing would be kept; actix writes both in the same way
            // where the status allows no body.
            BodySize::None => BodySize::Sized(0),
            size => size,
        }
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.answer).poll_next(context)
    }
}
