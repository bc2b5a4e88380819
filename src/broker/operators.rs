//! Who may see and change registrations? Operators, known by the SHA-256 of their tokens.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::{Operator, Scope};
use crate::registration::Registrar;

/// The operators of the configuration.
#[derive(Clone, Debug)]
pub struct Operators(Arc<[Operator]>);

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperatorRefused {
    /// It is no operator's.
    #[error("the token is no operator's")]
    Unknown,
    /// Its operator may not do this.
    #[error("the operator has no scope for this")]
    Scope(Scope),
}

impl Operators {
    /// These operators and no others.
    pub fn new(operators: Vec<Operator>) -> Self {
        Self(operators.into())
    }

    /// Lets the bearer of a token in, if it is an operator's with this scope. Looks at every
    /// operator for the same time, so that time tells nothing about how close a guess was.
    ///
    /// # Errors
    /// [`OperatorRefused`].
    pub fn admit(&self, token: &str, scope: Scope) -> Result<Registrar, OperatorRefused> {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let same = |operator: &&Operator| bool::from(operator.token_sha256.ct_eq(&hash));
        let found = self.0.iter().filter(same).collect::<Vec<_>>();
        let operator = found.first().ok_or(OperatorRefused::Unknown)?;
        if !operator.scopes.contains(&scope) {
            return Err(OperatorRefused::Scope(scope));
        }
        Ok(Registrar::Operator(operator.name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operators() -> Operators {
        let operator = |name: &str, token: &str, scopes: &[Scope]| Operator {
            name: name.to_owned(),
            token_sha256: Sha256::digest(token).into(),
            scopes: scopes.to_vec(),
        };
        Operators::new(vec![
            operator("ci", "alpha", &[Scope::Read, Scope::Write]),
            operator("dashboard", "beta", &[Scope::Read]),
        ])
    }

    #[test]
    fn a_token_opens_what_its_operator_may_do() {
        let ci = Ok(Registrar::Operator("ci".to_owned()));
        let dashboard = Ok(Registrar::Operator("dashboard".to_owned()));
        for (token, scope, expected) in [
            ("alpha", Scope::Read, ci.clone()),
            ("alpha", Scope::Write, ci),
            ("beta", Scope::Read, dashboard),
            ("beta", Scope::Write, Err(OperatorRefused::Scope(Scope::Write))),
            ("gamma", Scope::Read, Err(OperatorRefused::Unknown)),
            ("", Scope::Read, Err(OperatorRefused::Unknown)),
        ] {
            assert_eq!(operators().admit(token, scope), expected, "{token} {scope:?}");
        }
    }

    #[test]
    fn without_operators_nobody_is_let_in() {
        let nobody = Operators::new(Vec::new());
        assert_eq!(nobody.admit("", Scope::Read), Err(OperatorRefused::Unknown));
    }
}
