//! `/openapi.json`: the document, from the route table and the same types as the answers.

mod schemas;
mod table;

use actix_web::http::Method;
use shared::api::ProblemDocument;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder, RefOr,
    Required, ResponseBuilder,
};

use self::schemas::Schemas;
use self::table::table;
use super::endpoints::{Access, ENDPOINTS, Limited};

/// The OpenAPI 3.1 document of every route.
pub fn document() -> OpenApi {
    let mut schemas = Schemas::default();
    let problem = schemas.of::<ProblemDocument>();
    let mut routes = PathsBuilder::new();
    for route in table(&mut schemas) {
        routes = routes.path(route.path, PathItem::new(route.method.clone(), route.operation(&problem)));
    }
    let info = InfoBuilder::new().title("Shadowplane").version(env!("CARGO_PKG_VERSION")).description(Some(
        "Forecasts, shadow runs, costs and their variance. Errors are problem documents (RFC 9457). Where the service asks \
         for keys, 401 says that there is none that is good, 403 that it may not, and 429 that it was used too often.",
    ));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("sp_<id>_<secret>").build();
    if !schemas.clashes.is_empty() {
        tracing::error!(names = ?schemas.clashes, "types of one name: all but one need another by `schema(as = …)`");
    }
    let components = schemas
        .by_name
        .into_iter()
        .fold(ComponentsBuilder::new(), |components, (name, schema)| components.schema(name, schema))
        .security_scheme(KEY, SecurityScheme::Http(bearer));
    OpenApiBuilder::new().info(info.build()).paths(routes.build()).components(Some(components.build())).build()
}

/// What the key is called in the document.
const KEY: &str = "key";

/// One method of one path.
struct Route {
    method: HttpMethod,
    path: &'static str,
    summary: &'static str,
    /// Query parameters and their descriptions.
    query: &'static [(&'static str, &'static str)],
    /// Media types of the body with its schema.
    body: Vec<(&'static str, RefOr<Schema>)>,
    status: &'static str,
    answer: Answer,
}

enum Answer {
    Nothing,
    Json(Box<RefOr<Schema>>),
    /// Of this media type.
    Text(&'static str),
}

/// Whether a key is needed, and whose, as the table of the endpoints has it.
fn who(method: &HttpMethod, path: &str) -> (SecurityRequirement, String) {
    let method = match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        _ => Method::DELETE,
    };
    let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.path == path && endpoint.method == method);
    match endpoint.map(|endpoint| endpoint.access) {
        None | Some(Access::Open) => (SecurityRequirement::default(), "Without a key.".to_owned()),
        Some(Access::Key(role, limited)) => {
            let limited = match limited {
                Limited::Own => "one that is limited to some tenants is answered what is of these alone",
                Limited::Nothing => "none that is limited to some tenants",
            };
            let who = format!("With a key of the role {role} or a higher one; {limited}.");
            (SecurityRequirement::new(KEY, Vec::<String>::new()), who)
        }
    }
}

impl Route {
    fn operation(self, problem: &RefOr<Schema>) -> utoipa::openapi::path::Operation {
        let text = || RefOr::from(Schema::from(ObjectBuilder::new().schema_type(Type::String).build()));
        let parameter = |name: &str, description: &str, place: ParameterIn| {
            let required = if matches!(place, ParameterIn::Path) { Required::True } else { Required::False };
            ParameterBuilder::new()
                .name(name)
                .description(Some(description))
                .parameter_in(place)
                .required(required)
                .schema(Some(text()))
                .build()
        };
        let content = |schema: RefOr<Schema>| ContentBuilder::new().schema(Some(schema)).build();
        let answer = ResponseBuilder::new().description(self.summary);
        let answer = match self.answer {
            Answer::Nothing => answer,
            Answer::Json(schema) => answer.content("application/json", content(*schema)),
            Answer::Text(media_type) => answer.content(media_type, content(text())),
        };
        let wrong = ResponseBuilder::new()
            .description("What is wrong and what would be right")
            .content("application/problem+json", content(problem.clone()));
        let (security, who) = who(&self.method, self.path);
        let mut operation = OperationBuilder::new()
            .summary(Some(self.summary))
            .description(Some(who))
            .security(security)
            .response(self.status, answer.build())
            .response("default", wrong.build());
        if matches!(self.method, HttpMethod::Get) {
            let unchanged = "The same as the answer whose `ETag` stands in `If-None-Match`";
            operation = operation.response("304", ResponseBuilder::new().description(unchanged).build());
        }
        for segment in self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')) {
            operation = operation.parameter(parameter(segment, "Which one", ParameterIn::Path));
        }
        for (name, description) in self.query {
            operation = operation.parameter(parameter(name, description, ParameterIn::Query));
        }
        if !self.body.is_empty() {
            let body = self.body.into_iter().fold(RequestBodyBuilder::new(), |body, (media_type, schema)| {
                body.content(media_type, content(schema))
            });
            operation = operation.request_body(Some(body.required(Some(Required::True)).build()));
        }
        operation.build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        let document = serde_json::to_value(document()).unwrap();
        let mut references = Vec::new();
        collect(&document, &mut references);
        assert!(references.len() > 20);
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    }

    #[test]
    fn no_two_types_have_one_name() {
        let mut schemas = Schemas::default();
        table(&mut schemas);
        assert!(schemas.by_name.len() > 100 && schemas.clashes.is_empty(), "{:?}", schemas.clashes);
    }

    fn collect(value: &serde_json::Value, references: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(object) => {
                references.extend(object.get("$ref").and_then(|r| r.as_str()).map(str::to_owned));
                object.values().for_each(|value| collect(value, references));
            }
            serde_json::Value::Array(array) => array.iter().for_each(|value| collect(value, references)),
            _ => {}
        }
    }
}
