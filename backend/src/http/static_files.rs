//! The dashboard's files, and what browsers may do with them.

use std::path::{Path, PathBuf};

use actix_files::Files;
use actix_web::dev::{ServiceRequest, ServiceResponse, fn_service};

use super::problem;

/// A folder that trunk built.
#[derive(Clone, Debug)]
pub struct Dashboard {
    folder: PathBuf,
    /// The policy that goes with every file.
    pub content_security_policy: String,
}

/// Why a folder is no dashboard.
#[derive(Debug, thiserror::Error)]
#[error("{index} cannot be read ({error}); build the dashboard with `cargo xtask run`, or leave --dashboard out")]
pub struct DashboardError {
    index: String,
    error: std::io::Error,
}

impl Dashboard {
    /// Reads the folder's page, so that the scripts in it, and no others, may run.
    ///
    /// # Errors
    /// When there is no page.
    pub fn open(folder: &Path) -> Result<Self, DashboardError> {
        let index = folder.join("index.html");
        let page = std::fs::read_to_string(&index)
            .map_err(|error| DashboardError { index: index.display().to_string(), error })?;
        let hashes: String =
            inline_scripts(&page).map(|script| format!(" 'sha256-{}'", sha256_base64(script))).collect();
        let content_security_policy = format!(
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self' 'unsafe-inline'; \
             img-src 'self' data:; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'self'; \
             frame-ancestors 'none'; form-action 'self'"
        );
        Ok(Self { folder: folder.to_owned(), content_security_policy })
    }

    /// The folder as a service: a file where there is one, the page at `/`, a problem document elsewhere.
    pub fn files(&self) -> Files {
        let missing = fn_service(|request: ServiceRequest| async move {
            let (request, _) = request.into_parts();
            let response = actix_web::Responder::respond_to(problem::no_such_path(request.clone()).await, &request);
            Ok(ServiceResponse::new(request, response))
        });
        Files::new("/", &self.folder).index_file("index.html").default_handler(missing)
    }
}

/// What stands between `<script …>` and `</script>`, where that is anything.
fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script").skip(1).filter_map(|rest| {
        let script = rest.split_once('>')?.1.split_once("</script>")?.0;
        (!script.is_empty()).then_some(script)
    })
}

fn sha256_base64(text: &str) -> String {
    use base64::Engine;
    use sha2::Digest;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_found_and_hashed() {
        let page = r#"<script src="a.js"></script><script type="module">abc</script>"#;
        assert_eq!(inline_scripts(page).collect::<Vec<_>>(), ["abc"]);
        // FIPS 180-2, appendix B.1: SHA-256 of "abc" begins with ba7816bf, in base64 `ungWv`.
        assert!(sha256_base64("abc").starts_with("ungWv48Bz+pB"));
    }
}
