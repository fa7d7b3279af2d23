//! Rows that become observations.

use rust_decimal::prelude::ToPrimitive;

use super::Imported;
use super::columns::Columns;
use crate::input::{InputError, Row, Table};
use crate::request::{Module, Observation, write_line};
use crate::trace::Lines;

/// One observation a row, in the order of the file.
pub(super) fn import(mut table: Table<'_>, columns: &Columns) -> Result<Imported, InputError> {
    let modules: Vec<(Module, String)> = Module::ALL
        .into_iter()
        .map(|module| (module, format!("{}_ms", module.as_str())))
        .filter(|(_, name)| columns.has(name))
        .collect();
    let (mut text, mut rows, mut row) = (String::new(), 0, Row::default());
    while table.next(&mut row)? {
        write_line(&mut text, &observation(columns, &modules, &row)?);
        rows += 1;
    }
    Ok(Imported { rows, lines: Lines::whole(text), ..Imported::default() })
}

fn observation(columns: &Columns, modules: &[(Module, String)], row: &Row) -> Result<Observation, InputError> {
    let request = columns.text(row, "request")?;
    let mut observation = Observation {
        request: request.ok_or_else(|| InputError::field(row.line, "request", "is empty; expected a request's id"))?,
        admitted: admitted(columns, row)?,
        reason: columns.text(row, "reason")?,
        node: columns.text(row, "node")?,
        ready_at: columns.instant(row, "ready_at")?,
        released_at: columns.instant(row, "released_at")?,
        ..Observation::default()
    };
    for (module, name) in modules {
        let Some(milliseconds) = columns.number(row, name)? else { continue };
        if milliseconds.is_sign_negative() && !milliseconds.is_zero() {
            let message = format!("is {milliseconds}; expected milliseconds from 0");
            return Err(InputError::field(row.line, name.as_str(), message));
        }
        observation.module_ms.insert(*module, milliseconds.to_f64().unwrap_or_default());
    }
    Ok(observation)
}

fn admitted(columns: &Columns, row: &Row) -> Result<Option<bool>, InputError> {
    match columns.text(row, "admitted")?.as_deref() {
        None => Ok(None),
        Some("true" | "True" | "1") => Ok(Some(true)),
        Some("false" | "False" | "0") => Ok(Some(false)),
        Some(other) => Err(InputError::field(row.line, "admitted", format!("is `{other}`; expected true or false"))),
    }
}
