//! The schemas of the document.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};

/// Schemas by name, each once.
#[derive(Default)]
pub(super) struct Schemas {
    pub(super) by_name: BTreeMap<String, RefOr<Schema>>,
    /// Names that more than one type has, of which only one can be described.
    pub(super) clashes: BTreeSet<String>,
}

impl Schemas {
    /// A reference to the schema of `T`, which is added with all that it refers to.
    pub(super) fn of<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let mut referred = Vec::new();
        T::schemas(&mut referred);
        let name = T::name().into_owned();
        referred.push((name.clone(), T::schema()));
        for (name, schema) in referred {
            let known = self.by_name.entry(name.clone()).or_insert_with(|| schema.clone());
            if *known != schema {
                self.clashes.insert(name);
            }
        }
        Ref::from_schema_name(name).into()
    }

    /// One for keys of all tenants, and one for those that are limited to some; an answer that has nothing to tell is either.
    pub(super) fn either<A: ToSchema, T: ToSchema>(&mut self) -> RefOr<Schema> {
        let any = AnyOfBuilder::new().item(self.of::<A>()).item(self.of::<T>()).build();
        Schema::from(any).into()
    }

    pub(super) fn list_of<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let item = self.of::<T>();
        Schema::from(ArrayBuilder::new().items(item).build()).into()
    }

    /// NDJSON or an array of `T`.
    pub(super) fn records<T: ToSchema>(&mut self) -> Vec<(&'static str, RefOr<Schema>)> {
        let text = Schema::from(ObjectBuilder::new().schema_type(Type::String).build());
        vec![("application/json", self.list_of::<T>()), ("application/x-ndjson", text.into())]
    }

    /// The same, or texts of other kinds.
    pub(super) fn records_or<T: ToSchema>(&mut self, kinds: &[&'static str]) -> Vec<(&'static str, RefOr<Schema>)> {
        let text = || Schema::from(ObjectBuilder::new().schema_type(Type::String).build());
        self.records::<T>().into_iter().chain(kinds.iter().map(|kind| (*kind, text().into()))).collect()
    }

    /// Events of another control plane, which has its own words for them.
    pub(super) fn foreign(&mut self) -> Vec<(&'static str, RefOr<Schema>)> {
        let object = Schema::from(ObjectBuilder::new().build());
        let text = Schema::from(ObjectBuilder::new().schema_type(Type::String).build());
        vec![("application/json", object.into()), ("application/x-ndjson", text.into())]
    }

    /// A bill, in the form of whoever made it.
    pub(super) fn bill(&mut self) -> Vec<(&'static str, RefOr<Schema>)> {
        let object = Schema::from(ObjectBuilder::new().build());
        let text = Schema::from(ObjectBuilder::new().schema_type(Type::String).build());
        vec![("text/csv", text.into()), ("application/json", object.into())]
    }

    pub(super) fn json<T: ToSchema>(&mut self) -> Vec<(&'static str, RefOr<Schema>)> {
        vec![("application/json", self.of::<T>())]
    }
}
