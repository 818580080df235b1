//! What operators choose from.

use serde::Serialize;
use telecare_alarm::Choices;
use telecare_alarm::choices::TextRule;
use utoipa::ToSchema;

use super::names;

/// The centre's outcomes and note kinds, in the order to show them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Choices)]
pub struct ChoicesShape {
    /// How an alarm may be closed.
    #[schema(min_items = 1)]
    outcomes: Vec<OutcomeShape>,
    /// What a note may be about.
    note_kinds: Vec<NoteKindShape>,
}

/// One way for an alarm to end.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Outcome)]
struct OutcomeShape {
    /// What `outcome` of a close must be.
    #[schema(examples("attended"))]
    code: String,
    /// What operators read.
    words: String,
    #[schema(schema_with = names::text_rule)]
    text: &'static str,
}

/// One kind of note.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NoteKind)]
struct NoteKindShape {
    /// What `kind` of a note must be.
    #[schema(examples("999-called"))]
    code: String,
    /// What operators read.
    words: String,
}

impl ChoicesShape {
    /// The table in force.
    pub fn of(choices: &Choices) -> ChoicesShape {
        let outcome = |outcome: &telecare_alarm::choices::Outcome| OutcomeShape {
            code: outcome.code.clone(),
            words: outcome.words.clone(),
            text: text_rule(outcome.text),
        };
        let kind = |kind: &telecare_alarm::choices::NoteKind| NoteKindShape {
            code: kind.code.clone(),
            words: kind.words.clone(),
        };
        ChoicesShape {
            outcomes: choices.outcomes.iter().map(outcome).collect(),
            note_kinds: choices.note_kinds.iter().map(kind).collect(),
        }
    }
}

fn text_rule(rule: TextRule) -> &'static str {
    match rule {
        TextRule::Optional => "optional",
        TextRule::Required => "required",
        TextRule::None => "none",
    }
}
