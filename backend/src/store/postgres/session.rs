//! One connection, with the statements that it knows.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Statement};

use crate::store::StoreError;

/// What stands in the place of `$1`, `$2` and so on.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection; each statement is prepared once.
pub(super) struct Session {
    client: Client,
    statements: Mutex<BTreeMap<String, Statement>>,
}

impl Session {
    pub(super) fn new(client: Client) -> Self {
        Self { client, statements: Mutex::default() }
    }

    /// Whether the server, or the way to it, is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Statements without values and answers.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.client.batch_execute(sql).await?)
    }

    /// How many rows it was about.
    pub(super) async fn execute(&self, sql: &str, values: Values<'_>) -> Result<u64, StoreError> {
        let statement = self.statement(sql).await?;
        Ok(self.client.execute(&statement, values).await?)
    }

    /// Its rows.
    pub(super) async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        let statement = self.statement(sql).await?;
        Ok(self.client.query(&statement, values).await?)
    }

    /// Its only row, where there is one.
    pub(super) async fn find(&self, sql: &str, values: Values<'_>) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, values).await?.into_iter().next())
    }

    /// Whether it has a row.
    pub(super) async fn exists(&self, sql: &str, values: Values<'_>) -> Result<bool, StoreError> {
        Ok(self.find(sql, values).await?.is_some())
    }

    /// Copies rows into a table, as `columns` says: its name, with those of its columns in brackets.
    pub(super) async fn copy<'r>(
        &self,
        columns: &str,
        types: &[Type],
        rows: impl Iterator<Item = Vec<&'r (dyn ToSql + Sync)>> + Send,
    ) -> Result<(), StoreError> {
        let statement = self.statement(&format!("COPY {columns} FROM STDIN (FORMAT binary)")).await?;
        let sink = self.client.copy_in(&statement).await?;
        let mut writer = Box::pin(BinaryCopyInWriter::new(sink, types));
        for row in rows {
            writer.as_mut().write(&row).await?;
        }
        writer.as_mut().finish().await?;
        Ok(())
    }

    async fn statement(&self, sql: &str) -> Result<Statement, StoreError> {
        let known = self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}
