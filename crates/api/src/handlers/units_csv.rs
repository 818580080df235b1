//! `POST /v1/units/import` and `GET /v1/units.csv`: the registry as a spreadsheet.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use telecare_queue::registry::{Import, RegistryError};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{Api, parameters};
use crate::access::admit;
use crate::openapi::{Exporting, Importing, roles};
use crate::problem::Problem;
use crate::shapes::ImportShape;
use crate::sheet;
use crate::tokens::Permission;

/// Largest file, bytes: some hundred thousand units. More are imported in parts.
const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long a file may take to arrive.
const FILE_WAIT_MAX: Duration = Duration::from_secs(60);
/// Most files, coming or going, that are held in memory at once; one more is told to come again.
const FILES_MAX: usize = 1;

static FILES: Semaphore = Semaphore::const_new(FILES_MAX);

/// Import units from a CSV file: all of its rows, or none when any is wrong. A row finds its unit by `id` or by
/// `reference`; a column that is not there, and a unit that is not there, stay as they are.
#[utoipa::path(post, path = "/v1/units/import", operation_id = "importUnits", tag = "units",
    params(
        ("dry_run" = Option<bool>, Query, description = "Only say what would be done"),
        ("operator" = Option<String>, Query, description = "Who imports. Needed with a console's token",
            min_length = 1, max_length = 100,
            pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$")),
    request_body(content = String, content_type = "text/csv", description = "CSV in UTF-8; the first line names the \
        columns, as in an export; 32 MiB at most"),
    responses((status = 200, description = "What was done, or would be", body = ImportShape), Importing),
    extensions(("x-roles" = json!(roles(Permission::Register)))))]
pub async fn import(
    State(api): State<Arc<Api>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ImportShape>, Problem> {
    let asker = admit(&api, &headers, Permission::Register)?;
    let query = parameters(query)?;
    let dry_run = match query.get("dry_run").map(String::as_str) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::invalid("dry_run", "`dry_run` must be true or false")),
    };
    let actor = asker.actor(operator(&query)?, Some("import"))?;
    let place = FILES.try_acquire().map_err(|_| Problem::busy())?;
    let bytes = file(body).await?;
    // Reading many rows takes a while; these threads have consoles to serve.
    let read = tokio::task::spawn_blocking(move || sheet::read(&bytes)).await.map_err(|_| Problem::internal())?;
    let rows = read.map_err(|errors| Problem::of_registry(&RegistryError::Rows(errors)))?;
    let import = Import { id: Uuid::now_v7(), person: actor.person.to_string(), rows, dry_run };
    let id = import.id;
    let queue = api.queue.clone();
    let importing = tokio::spawn(async move {
        // Kept until it is over, also when the client hangs up before.
        let _place = place;
        queue.import_units(import).await
    });
    let imported = importing.await.map_err(|_| Problem::internal())?;
    let imported = imported.map_err(|error| Problem::of_registry(&error))?;
    let changes = imported.plan.changes.len();
    tracing::info!(token = asker.token(), import = %id, dry_run, changes, "units were imported");
    Ok(Json(ImportShape::of(&imported, id, dry_run, OffsetDateTime::now_utc())))
}

/// Every unit as a CSV file, as an import takes it.
#[utoipa::path(get, path = "/v1/units.csv", operation_id = "exportUnits", tag = "units",
    responses((status = 200, description = "The units by label", content_type = "text/csv", body = String), Exporting),
    extensions(("x-roles" = json!(roles(Permission::Export)))))]
pub async fn export(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    let asker = admit(&api, &headers, Permission::Export)?;
    let _place = FILES.try_acquire().map_err(|_| Problem::busy())?;
    api.queue.refresh_units().await.map_err(|error| Problem::of_registry(&error))?;
    let registry = api.queue.registry();
    let written = tokio::task::spawn_blocking(move || sheet::write(registry.units())).await;
    let bytes = match written {
        Ok(Ok(bytes)) => Bytes::from(bytes),
        Ok(Err(error)) => {
            tracing::error!(%error, "the registry could not be written as CSV");
            return Err(Problem::internal());
        }
        Err(_) => return Err(Problem::internal()),
    };
    tracing::info!(token = asker.token(), "the registry was exported");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"units.csv\"")),
    ];
    Ok((headers, bytes).into_response())
}

fn operator(query: &HashMap<String, String>) -> Result<Option<&str>, Problem> {
    match query.get("operator").map(|name| name.trim()) {
        Some(name) if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) => {
            Err(Problem::invalid("operator", "`operator` must be a name of 1 to 100 characters"))
        }
        name => Ok(name),
    }
}

async fn file(body: Body) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(FILE_WAIT_MAX, to_bytes(body, FILE_BYTES_MAX)).await;
    read.map_err(|_| Problem::too_slow())?.map_err(|error| {
        // The limit is the only error that a client can still be told of.
        tracing::debug!(%error, "a file could not be read");
        Problem::too_large(FILE_BYTES_MAX)
    })
}
