//! What the bodies of actions hold. One type is the document's schema and what a handler reads: a field that
//! is told is a field that is read.

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::body::Body;
use telecare_protocol::call::{Control, Operator, Volume};
use time::OffsetDateTime;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::body::Fields;
use crate::problem::Problem;
use crate::shapes::names;

/// The body of an action: what every action says, and the act's own fields.
pub struct ActBody<T> {
    /// What every action says.
    pub given: Given,
    /// The act's own fields.
    pub own: T,
}

/// What every action says.
#[derive(ToSchema)]
pub struct Given {
    /// Made by the client, a new one for each action. Sent twice, it is done once.
    #[schema(examples("7f0b8b3a-52c1-4c86-9d5e-0a7a2f3c1e11"))]
    pub action: Uuid,
    /// The desk. Needed with a person's token; a console's token is its own desk, and this is passed over.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$",
        examples("desk-3")
    )]
    pub desk: Option<String>,
    /// Who acts. Needed with a console's token; a person's token acts for that person only.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$",
        examples("Ann Example")
    )]
    pub operator: Option<String>,
}

/// An act's own fields: read from a body, told in the document.
pub trait Own: ToSchema + Sized {
    /// Reads them; texts that are not there are empty: whether that will do, the rules say.
    fn read(fields: &Fields) -> Result<Self, Problem>;
}

/// An act without fields of its own.
#[derive(ToSchema)]
#[schema(as = Act)]
pub struct Nothing {}

/// The holder has seen a later signal.
#[derive(ToSchema)]
#[schema(as = Seen)]
pub struct Seen {
    /// The `last_signal` that the screen showed.
    pub shown: Uuid,
}

/// Put aside until a time.
#[derive(ToSchema)]
#[schema(as = Hold)]
pub struct Hold {
    /// The `last_signal` that the screen showed.
    pub shown: Uuid,
    /// When it comes back by itself, within a day.
    #[schema(value_type = String, format = DateTime, examples("2026-03-01T09:00:00Z"))]
    pub until: OffsetDateTime,
    /// Why.
    #[schema(
        min_length = 1,
        max_length = 4000,
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$",
        examples("engineer calls back at nine")
    )]
    pub reason: String,
}

/// Give it to somebody else by name.
#[derive(ToSchema)]
#[schema(as = Transfer)]
pub struct Transfer {
    /// The other person, as their token names them.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$",
        examples("Ben Example")
    )]
    pub to: String,
}

/// Write something down. A note has a kind, a text, or both.
#[derive(ToSchema)]
#[schema(as = Note)]
pub struct Note {
    /// A code of `/v1/choices`; none for a plain note.
    #[schema(
        required = false,
        max_length = 100,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$",
        examples("999-called")
    )]
    pub kind: Option<String>,
    /// The text.
    #[schema(
        required = false,
        nullable,
        max_length = 4000,
        pattern = r"^[^\u0000]*$",
        examples("her daughter has a key")
    )]
    pub text: Option<String>,
    /// A number of somebody else's, an ambulance log's for example.
    #[schema(
        required = false,
        nullable,
        max_length = 100,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$",
        examples("CAD 1234")
    )]
    pub reference: Option<String>,
}

/// End it.
#[derive(ToSchema)]
#[schema(as = Close)]
pub struct Close {
    /// The `last_signal` that the screen showed.
    pub shown: Uuid,
    /// A code of `/v1/choices`.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$",
        examples("attended")
    )]
    pub outcome: String,
    /// Needed, allowed or refused as the outcome's `text` says.
    #[schema(max_length = 4000, pattern = r"^[^\u0000]*$")]
    pub text: Option<String>,
}

/// End an alarm that somebody else has.
#[derive(ToSchema)]
#[schema(as = CloseOther)]
pub struct CloseOther {
    /// The `last_signal` that the screen showed.
    pub shown: Uuid,
    /// A code of `/v1/choices`.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$",
        examples("attended")
    )]
    pub outcome: String,
    /// Needed, allowed or refused as the outcome's `text` says.
    #[schema(max_length = 4000, pattern = r"^[^\u0000]*$")]
    pub text: Option<String>,
    /// Why its holder does not close it.
    #[schema(
        min_length = 1,
        max_length = 4000,
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$",
        examples("her shift has ended")
    )]
    pub reason: String,
}

/// Put something on test.
#[derive(ToSchema)]
#[schema(as = StartTest)]
pub struct StartTest {
    /// `unit:ID`, `scheme:NAME`, or `identity:NAMESPACE:PROTOCOL:ACCOUNT`, registered or not.
    #[schema(
        min_length = 1,
        max_length = 4000,
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$",
        examples("identity:north:surgard:0042")
    )]
    pub scope: String,
    /// Why.
    #[schema(
        min_length = 1,
        max_length = 4000,
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$",
        examples("new pendant")
    )]
    pub reason: String,
    /// Who tests; whoever asks when not given.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$",
        examples("Eve Example")
    )]
    pub engineer: Option<String>,
    /// When it ends by itself; see `test_longest_s` of `/v1/rules`.
    #[schema(value_type = Option<String>, format = DateTime, examples("2026-03-01T09:00:00Z"))]
    pub until: Option<OffsetDateTime>,
    /// Or how long it lasts; `test_usual_s` of `/v1/rules` when neither is given.
    #[schema(minimum = 1, maximum = 10080, examples(60))]
    pub minutes: Option<u32>,
}

/// End a test.
#[derive(ToSchema)]
#[schema(as = StopTest)]
pub struct StopTest {
    /// What came of it.
    #[schema(required = false, nullable, max_length = 4000, pattern = r"^[^\u0000]*$")]
    pub text: Option<String>,
}

/// A command to a call of the alarm.
#[derive(ToSchema)]
#[schema(as = Command)]
pub struct Command {
    /// The `id` of the call, as the screen showed it.
    #[schema(examples("01931b0a-7d3e-7c10-8a54-2f6b3c9d1e77"))]
    pub call: Uuid,
    /// The command.
    #[schema(schema_with = names::call_command)]
    pub command: String,
    /// The unit of a scheme to open the path to: with `select`, and only there.
    #[schema(
        required = false,
        nullable,
        max_length = 32,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$",
        examples("0027")
    )]
    pub unit: Option<String>,
}

impl Command {
    /// What is wanted of the line.
    pub fn wanted(&self) -> Result<Operator, Problem> {
        let unit = self.unit.as_deref().unwrap_or_default();
        match (self.command.as_str(), unit) {
            (SELECT, "") => Err(Problem::missing("unit", "`select` needs the unit")),
            (SELECT, unit) => Ok(Operator::Select(unit.to_owned())),
            (name, _) => {
                let known = commands().iter().find(|(known, _)| *known == name);
                let wanted = known.and_then(|(_, wanted)| wanted.clone());
                wanted.ok_or_else(|| Problem::invalid("command", "there is no such command"))
            }
        }
    }
}

const SELECT: &str = "select";

/// The commands by name; none for what needs more than its name.
pub fn commands() -> &'static [(&'static str, Option<Operator>)] {
    static COMMANDS: LazyLock<Vec<(&'static str, Option<Operator>)>> = LazyLock::new(|| {
        let plain = [
            ("speak", Operator::Speak),
            ("listen", Operator::Listen),
            ("duplex", Operator::Duplex),
            ("simplex", Operator::Simplex),
            ("volume-up", Operator::Volume(Volume::Up)),
            ("volume-down", Operator::Volume(Volume::Down)),
            ("volume-quiet", Operator::Volume(Volume::Quiet)),
            ("volume-normal", Operator::Volume(Volume::Normal)),
            ("volume-loud", Operator::Volume(Volume::Loud)),
            ("clear", Operator::Clear),
            ("clear-down", Operator::ClearDown),
            ("hang-up", Operator::HangUp),
            ("next", Operator::Next),
            ("door-1", Operator::Control(Control::Door(1))),
            ("door-2", Operator::Control(Control::Door(2))),
            ("key-safe", Operator::Control(Control::KeySafe)),
            ("unlock-all", Operator::Control(Control::UnlockAll)),
            ("relay-1-on", Operator::Control(Control::Relay(1, true))),
            ("relay-1-off", Operator::Control(Control::Relay(1, false))),
            ("relay-2-on", Operator::Control(Control::Relay(2, true))),
            ("relay-2-off", Operator::Control(Control::Relay(2, false))),
        ];
        let plain = plain.into_iter().map(|(name, wanted)| (name, Some(wanted)));
        plain.chain([(SELECT, None)]).collect()
    });
    &COMMANDS
}

/// The body of an act without fields of its own.
pub type ActRequest = ActBody<Nothing>;
/// The body of `seen`.
pub type SeenRequest = ActBody<Seen>;
/// The body of `hold`.
pub type HoldRequest = ActBody<Hold>;
/// The body of `transfer`.
pub type TransferRequest = ActBody<Transfer>;
/// The body of `note`.
pub type NoteRequest = ActBody<Note>;
/// The body of `close`.
pub type CloseRequest = ActBody<Close>;
/// The body of `close-other`.
pub type CloseOtherRequest = ActBody<CloseOther>;
/// The body of a command to a call.
pub type CommandRequest = ActBody<Command>;
/// The body of a test's start.
pub type StartTestRequest = ActBody<StartTest>;
/// The body of a test's end.
pub type StopTestRequest = ActBody<StopTest>;

impl<T: Own> ActBody<T> {
    /// Reads a body within its bounds.
    pub async fn read(body: Body) -> Result<ActBody<T>, Problem> {
        let fields = Fields::read(body).await?;
        let name = |field| fields.name_if_given(field).map(|name| name.map(str::to_owned));
        let given = Given { action: fields.uuid("action")?, desk: name("desk")?, operator: name("operator")? };
        Ok(ActBody { given, own: T::read(&fields)? })
    }
}

impl<T: ToSchema> PartialSchema for ActBody<T> {
    /// One flat object: a client sees no seam.
    fn schema() -> RefOr<Schema> {
        let (RefOr::T(Schema::Object(mut all)), RefOr::T(Schema::Object(own))) = (Given::schema(), T::schema()) else {
            return T::schema();
        };
        all.properties.extend(own.properties);
        all.required.extend(own.required);
        all.description = own.description;
        Schema::Object(all).into()
    }
}

impl<T: ToSchema> ToSchema for ActBody<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Request", T::name()).into()
    }
}

impl Own for Nothing {
    fn read(_: &Fields) -> Result<Nothing, Problem> {
        Ok(Nothing {})
    }
}

impl Own for Seen {
    fn read(fields: &Fields) -> Result<Seen, Problem> {
        Ok(Seen { shown: fields.uuid("shown")? })
    }
}

impl Own for Hold {
    fn read(fields: &Fields) -> Result<Hold, Problem> {
        let reason = fields.said("reason")?.to_owned();
        Ok(Hold { shown: fields.uuid("shown")?, until: fields.time("until")?, reason })
    }
}

impl Own for Transfer {
    fn read(fields: &Fields) -> Result<Transfer, Problem> {
        Ok(Transfer { to: fields.name("to")?.to_owned() })
    }
}

impl Own for Note {
    fn read(fields: &Fields) -> Result<Note, Problem> {
        Ok(Note {
            kind: Some(fields.code("kind")?.to_owned()),
            text: Some(fields.text("text")?.to_owned()),
            reference: Some(fields.code("reference")?.to_owned()),
        })
    }
}

impl Own for Close {
    fn read(fields: &Fields) -> Result<Close, Problem> {
        Ok(Close {
            shown: fields.uuid("shown")?,
            outcome: fields.code("outcome")?.to_owned(),
            text: Some(fields.text("text")?.to_owned()),
        })
    }
}

impl Own for CloseOther {
    fn read(fields: &Fields) -> Result<CloseOther, Problem> {
        Ok(CloseOther {
            shown: fields.uuid("shown")?,
            outcome: fields.code("outcome")?.to_owned(),
            text: Some(fields.text("text")?.to_owned()),
            reason: fields.said("reason")?.to_owned(),
        })
    }
}

impl Own for Command {
    fn read(fields: &Fields) -> Result<Command, Problem> {
        let (call, command) = (fields.uuid("call")?, fields.name("command")?.to_owned());
        let unit = fields.code("unit")?;
        if unit.chars().count() > UNIT_CHARS_MAX {
            return Err(Problem::invalid("unit", format!("`unit` may have {UNIT_CHARS_MAX} characters")));
        }
        let command = Command { call, command, unit: Some(unit.to_owned()).filter(|unit| !unit.is_empty()) };
        command.wanted().map(|_| command)
    }
}

/// Longest number of a scheme's unit.
const UNIT_CHARS_MAX: usize = 32;

impl Own for StartTest {
    fn read(fields: &Fields) -> Result<StartTest, Problem> {
        Ok(StartTest {
            scope: fields.said("scope")?.to_owned(),
            reason: fields.said("reason")?.to_owned(),
            engineer: fields.name_if_given("engineer")?.map(str::to_owned),
            until: fields.time_if_given("until")?,
            minutes: fields.number_if_given("minutes", 1..=10_080)?,
        })
    }
}

impl Own for StopTest {
    fn read(fields: &Fields) -> Result<StopTest, Problem> {
        Ok(StopTest { text: Some(fields.text("text")?.to_owned()) })
    }
}
