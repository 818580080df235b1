//! What a unit said, with its protocol's own fields.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use telecare_protocol::report::{Fault, Fields, Outcome, Value};
use telecare_protocol::{Event, Report};

use telecare_protocol::Origin;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::alarm::CallerShape;
use super::names;

/// What a unit said in one frame, or what a line heard that nobody could read.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Report)]
pub struct ReportShape {
    #[schema(schema_with = names::protocol)]
    protocol: &'static str,
    #[schema(schema_with = names::report_outcome)]
    outcome: &'static str,
    #[schema(schema_with = names::origin)]
    origin: &'static str,
    /// The account or unit number as sent.
    #[schema(required = true)]
    identity: Option<String>,
    /// The dwelling behind a controller, as sent.
    #[schema(required = true)]
    local_unit: Option<String>,
    #[schema(required = true)]
    caller: Option<CallerShape>,
    events: Vec<EventShape>,
    /// The protocol's own fields by the names its document uses.
    #[schema(schema_with = fields_schema)]
    fields: FieldsShape,
    /// Why it could not be read.
    #[schema(required = true)]
    error: Option<FaultShape>,
    /// Deviations that did not prevent reading.
    warnings: Vec<String>,
}

/// One thing said.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Event)]
struct EventShape {
    #[schema(schema_with = names::trigger)]
    trigger: &'static str,
    #[schema(schema_with = names::status)]
    status: &'static str,
    /// The protocol's own code.
    code: String,
    /// The code table's words for it.
    words: String,
    #[schema(required = true)]
    location: Option<LocationShape>,
}

/// A place in a dwelling.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Location)]
struct LocationShape {
    /// The protocol's own code or number.
    code: String,
    words: String,
}

#[derive(Clone, Debug, Serialize)]
struct FaultShape {
    name: String,
    #[serde(flatten)]
    fields: FieldsShape,
}

impl PartialSchema for FaultShape {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let name = ObjectBuilder::new().schema_type(Type::String).build();
        let words = "Why a frame could not be read, with its protocol's own fields.";
        fields_object().property("name", name).required("name").description(Some(words)).build().into()
    }
}

impl ToSchema for FaultShape {
    fn name() -> std::borrow::Cow<'static, str> {
        "Fault".into()
    }
}

/// An object of values: texts, numbers, and lists of such objects.
fn fields_schema() -> Object {
    fields_object().build()
}

fn fields_object() -> ObjectBuilder {
    let any_object = ObjectBuilder::new().schema_type(Type::Object);
    let value = OneOfBuilder::new()
        .item(ObjectBuilder::new().schema_type(Type::String))
        .item(ObjectBuilder::new().schema_type(Type::Integer))
        .item(ArrayBuilder::new().items(any_object.additional_properties(Some(AdditionalProperties::FreeForm(true)))))
        .build();
    ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(Schema::OneOf(value)))
}

/// Named values as an object, in the order of the protocol's document.
#[derive(Clone, Debug)]
pub struct FieldsShape(pub Fields);

/// One value: a text, a number or a list of objects.
pub struct ValueShape<'a>(pub &'a Value);

impl Serialize for FieldsShape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object(&self.0, serializer)
    }
}

impl Serialize for ValueShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Text(text) => serializer.serialize_str(text),
            Value::Number(number) => serializer.serialize_i64(*number),
            Value::List(groups) => serializer.collect_seq(groups.iter().map(|group| FieldsShape(group.clone()))),
        }
    }
}

fn object<S: Serializer>(fields: &Fields, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in fields {
        map.serialize_entry(name, &ValueShape(value))?;
    }
    map.end()
}

impl ReportShape {
    /// The report as it was kept.
    pub fn of(report: &Report) -> ReportShape {
        let (outcome, error) = match &report.outcome {
            Outcome::Decoded => ("decoded", None),
            Outcome::Unreadable(fault) => ("unreadable", Some(fault_shape(fault))),
        };
        ReportShape {
            protocol: report.protocol.as_str(),
            outcome,
            origin: origin_name(report.origin),
            identity: report.identity.clone(),
            local_unit: report.local_unit.clone(),
            caller: report
                .caller
                .as_ref()
                .map(|caller| CallerShape { number: caller.number.clone(), name: caller.name.clone() }),
            events: report.events.iter().map(event).collect(),
            fields: FieldsShape(report.fields.clone()),
            error,
            warnings: report.warnings.clone(),
        }
    }
}

pub(super) fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Unit => "unit",
        Origin::HardwareReceiver => "hardware-receiver",
        Origin::Line => "line",
    }
}

fn event(event: &Event) -> EventShape {
    EventShape {
        trigger: event.trigger.as_str(),
        status: event.status.as_str(),
        code: event.code.clone(),
        words: event.words.clone(),
        location: event
            .location
            .as_ref()
            .map(|location| LocationShape { code: location.code.clone(), words: location.words.clone() }),
    }
}

fn fault_shape(fault: &Fault) -> FaultShape {
    FaultShape { name: fault.name.clone(), fields: FieldsShape(fault.fields.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use telecare_protocol::Protocol;

    #[test]
    fn a_fault_keeps_its_name_and_its_fields() {
        let fields = vec![("computed".to_owned(), Value::Number(76)), ("received".to_owned(), Value::Number(36))];
        let fault = Fault { name: "BadChecksum".to_owned(), fields };
        let json = serde_json::to_value(ReportShape::of(&Report::unreadable(Protocol::Bs8521, fault))).unwrap();
        assert_eq!(json["outcome"], "unreadable");
        assert_eq!(json["error"], serde_json::json!({"name": "BadChecksum", "computed": 76, "received": 36}));
        assert_eq!(json["events"][0]["trigger"], "unreadable");
    }

    #[test]
    fn fields_keep_their_document_order_and_their_zeros() {
        let inner = vec![("code".to_owned(), Value::Text("BA".to_owned()))];
        let fields =
            vec![("line".to_owned(), Value::Text("007".to_owned())), ("events".to_owned(), Value::List(vec![inner]))];
        let json = serde_json::to_string(&FieldsShape(fields)).unwrap();
        assert_eq!(json, r#"{"line":"007","events":[{"code":"BA"}]}"#);
    }
}
