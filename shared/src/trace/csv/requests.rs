//! Rows that become requests.

use std::collections::BTreeMap;

use super::Imported;
use super::columns::Columns;
use super::times::micros;
use crate::input::{InputError, Row, Table};
use crate::request::{Operation, Request, ResourceClass};
use crate::trace::collector::Collector;
use crate::units::Duration;

/// A row is a `create` unless `op` says otherwise; `end` or `lifetime_s` adds its `delete`.
///
/// Without `class` it is `compute`; without `id` it is `r-` and the number of the row; without `resource` the resource
/// is named like the id. The delete of a create is named like it, with `-delete` added.
pub(super) fn import(mut table: Table<'_>, columns: &Columns) -> Result<Imported, InputError> {
    let labels: Vec<&str> = columns.names().filter(|name| name.starts_with("label.")).collect();
    let (mut collector, mut rows, mut row) = (Collector::new(), 0, Row::default());
    while table.next(&mut row)? {
        rows += 1;
        let create = request(columns, &labels, &row, rows)?;
        let delete = delete(columns, &row, &create)?;
        for request in [Some(create), delete].into_iter().flatten() {
            collector.push(row.line, request)?;
        }
    }
    let (lines, log) = collector.finish()?;
    Ok(Imported { rows, duplicates: log.duplicates, lines, ..Imported::default() })
}

fn request(columns: &Columns, labels: &[&str], row: &Row, number: u64) -> Result<Request, InputError> {
    let id = columns.text(row, "id")?.unwrap_or_else(|| format!("r-{number:07}"));
    let operation = operation(columns, row)?;
    let resource = columns.text(row, "resource")?;
    if resource.is_none() && operation != Operation::Create {
        let message = format!("is empty; a {} says which resource it is about", operation.as_str());
        return Err(InputError::field(row.line, "resource", message));
    }
    let at = columns.instant(row, "at")?;
    let has_shape = operation != Operation::Delete;
    let mut request = Request {
        scheduling: None,
        resource: resource.unwrap_or_else(|| id.clone()),
        id,
        at: at.ok_or_else(|| InputError::field(row.line, "at", "is empty; expected an instant"))?,
        tenant: columns.text(row, "tenant")?.unwrap_or_default(),
        operation,
        class: class(columns, row)?,
        flavor: if has_shape { columns.text(row, "flavor")? } else { None },
        requested: if has_shape { columns.resources(row)? } else { None },
        zone: columns.text(row, "zone")?,
        batch: columns.text(row, "batch")?,
        lifetime: lifetime(columns, row)?,
        labels: BTreeMap::new(),
    };
    for column in labels {
        if let Some(value) = columns.text(row, column)? {
            request.labels.insert(column["label.".len()..].to_owned(), value);
        }
    }
    request.validate(row.line)?;
    Ok(request)
}

fn operation(columns: &Columns, row: &Row) -> Result<Operation, InputError> {
    match columns.text(row, "op")?.as_deref() {
        None | Some("create") => Ok(Operation::Create),
        Some("resize") => Ok(Operation::Resize),
        Some("delete") => Ok(Operation::Delete),
        Some(other) => {
            Err(InputError::field(row.line, "op", format!("is `{other}`; expected create, resize or delete")))
        }
    }
}

fn class(columns: &Columns, row: &Row) -> Result<ResourceClass, InputError> {
    let Some(text) = columns.text(row, "class")? else { return Ok(ResourceClass::Compute) };
    ResourceClass::ALL.into_iter().find(|class| class.as_str() == text).ok_or_else(|| {
        InputError::field(row.line, "class", format!("is `{text}`; expected compute, storage or network"))
    })
}

fn lifetime(columns: &Columns, row: &Row) -> Result<Option<Duration>, InputError> {
    let Some(seconds) = columns.seconds(row, "lifetime_s")? else { return Ok(None) };
    // A thousand years, as on the wire.
    micros(seconds).filter(|lifetime| lifetime.seconds() < 3.2e10).map(Some).ok_or_else(|| {
        InputError::field(row.line, "lifetime_s", format!("{seconds} s; expected less than a thousand years"))
    })
}

/// The delete that `end` or `lifetime_s` of a create stands for.
fn delete(columns: &Columns, row: &Row, create: &Request) -> Result<Option<Request>, InputError> {
    let end = columns.instant(row, "end")?;
    let wrong = |message: String| Err(InputError::field(row.line, "end", message));
    let at = match (end, create.lifetime.map(|lifetime| create.at + lifetime)) {
        (None, None) => return Ok(None),
        (Some(end), Some(announced)) if end != announced => {
            return wrong(format!("is {end}, but `lifetime_s` gives {announced}; map one of them"));
        }
        (end, announced) => end.or(announced).expect("one of them is there"),
    };
    if create.operation != Operation::Create {
        return wrong(format!("is given for a {}; only a create ends", create.operation.as_str()));
    }
    if at < create.at {
        let twice = if create.at - at <= Duration::HOUR {
            "; a local time that the clocks pass twice is the first of both: write such with an offset, as +01:00"
        } else {
            ""
        };
        return wrong(format!("is {at}, before it was created at {}; expected a later instant{twice}", create.at));
    }
    Ok(Some(Request { id: format!("{}-delete", create.id), ..create.clone().into_delete(at) }))
}
