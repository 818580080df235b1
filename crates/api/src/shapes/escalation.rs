//! What the rules did to an alarm, and who was told.

use serde::Serialize;
use telecare_alarm::{Delivery, Escalation, Test};
use utoipa::ToSchema;

use super::{Timestamp, names};

/// One time that an alarm went up, or out.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Escalation)]
pub struct EscalationShape {
    /// Why: `unanswered-2`, `lease-lost`, `hold-over`, `pressed-again`, `missed-call` (rang off before
    /// anyone answered), `no-outcome`, `unserved`, `trouble`.
    #[schema(examples("unanswered-2"))]
    rule: String,
    /// When the rule asked for it.
    due: Timestamp,
    /// The alarm's level after it.
    level: u8,
    /// The receiver that did it.
    receiver: String,
    /// Who is told, and whether they have it.
    #[schema(max_items = 16)]
    told: Vec<ToldShape>,
}

/// Telling an escalation to one webhook.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Told)]
struct ToldShape {
    /// The webhook's name in the configuration.
    target: String,
    #[schema(schema_with = names::told)]
    state: &'static str,
    /// When it had it, or the receiver gave up.
    #[schema(required = true)]
    at: Option<Timestamp>,
}

/// The test that an alarm stands for.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OnTest)]
pub struct OnTestShape {
    /// `unit:ID`, `scheme:NAME` or `identity:NAMESPACE:PROTOCOL:ACCOUNT`.
    #[schema(examples("scheme:Beech Court"))]
    scope: String,
    /// Who tests.
    engineer: String,
    reason: String,
    /// When it ends by itself.
    until: Timestamp,
}

impl EscalationShape {
    /// An escalation.
    pub fn of(escalation: &Escalation) -> EscalationShape {
        let told = |delivery: &Delivery| ToldShape {
            target: delivery.target.to_string(),
            state: match delivery.ended {
                None => "pending",
                Some(end) if end.delivered => "delivered",
                Some(_) => "given-up",
            },
            at: delivery.ended.map(|end| Timestamp(end.at)),
        };
        EscalationShape {
            rule: escalation.rule.to_string(),
            due: Timestamp(escalation.due),
            level: escalation.level,
            receiver: escalation.by.to_string(),
            told: escalation.deliveries.iter().map(told).collect(),
        }
    }
}

impl OnTestShape {
    /// A test.
    pub fn of(test: &Test) -> OnTestShape {
        OnTestShape {
            scope: test.scope.to_string(),
            engineer: test.engineer.clone(),
            reason: test.reason.clone(),
            until: Timestamp(test.until),
        }
    }
}
