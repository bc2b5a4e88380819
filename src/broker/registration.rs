//! How do registrations change, whoever wants it? The directory changes and records in one
//! transaction; what happened is then told.

use super::Broker;
use super::error::{BrokerError, ChangeError};
use crate::directory::{Converge, Converged, Retire};

/// Makes a registration equal to its declaration.
///
/// # Errors
/// [`ChangeError`]: it is somebody else's, or we cannot now.
pub async fn register(broker: &Broker, request: Converge) -> Result<Converged, ChangeError> {
    let converged = broker.converge.ask(request).await??.map_err(BrokerError::Denied)?;
    if let Some(event) = &converged.event {
        broker.bus.publish(event.clone());
    }
    Ok(converged)
}

/// Retires the live registration of a machine, with its agents and their tokens.
///
/// # Errors
/// [`ChangeError`]: it is somebody else's or not there, or we cannot now.
pub async fn retire(broker: &Broker, request: Retire) -> Result<(), ChangeError> {
    let event = broker.retire.ask(request).await??.map_err(BrokerError::Denied)?;
    broker.bus.publish(event);
    Ok(())
}
