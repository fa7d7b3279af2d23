//! The service by TLS, as curl sees it.

use std::process::{Command, Output};

use super::keys::key;
use super::server::Server;
use crate::shadowplane::Folder;

/// A certificate of localhost that vouches for itself, and its key.
fn certificate(folder: &Folder, name: &str) -> Option<[String; 2]> {
    let files = ["crt", "key"].map(|end| folder.path.join(format!("{name}.{end}")).to_str().unwrap().to_owned());
    let arguments =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    let names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    let made =
        Command::new("openssl").args(arguments).args(names).args(["-out", &files[0], "-keyout", &files[1]]).output();
    match made {
        Ok(made) if made.status.success() => Some(files),
        Ok(made) => panic!("{}", String::from_utf8_lossy(&made.stderr)),
        Err(_) => {
            tests::skipped("needs openssl, which makes the certificate");
            None
        }
    }
}

fn curl(arguments: &[&str]) -> Option<Output> {
    let asked = Command::new("curl").args(["--silent", "--show-error", "--max-time", "20"]).args(arguments).output();
    if asked.is_err() {
        tests::skipped("needs curl");
    }
    asked.ok()
}

#[test]
fn a_service_with_a_certificate_is_asked_by_tls_alone() {
    let folder = Folder::new();
    let Some([certificate_file, key_file]) = certificate(&folder, "own") else { return };
    let viewer = key(&folder, &["--role", "viewer"]);
    let server = Server::start_with_keys(&folder, &["--tls-cert", &certificate_file, "--tls-key", &key_file]);
    let port = server.address.strip_prefix("https://127.0.0.1:").unwrap();
    let (url, bearer) = (format!("https://localhost:{port}/v1/status"), format!("Authorization: Bearer {viewer}"));
    let trusted = ["--cacert", &certificate_file];
    let Some(answer) = curl(&[&trusted[..], &["--header", &bearer, &url]].concat()) else { return };
    let status: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap_or_else(|_| panic!("{answer:?}"));
    assert_eq!(status["requests"], 0);
    let fails = |arguments: &[&str]| assert!(!curl(arguments).unwrap().status.success(), "{arguments:?}");
    fails(&[&url]);
    fails(&[&trusted[..], &["--tls-max", "1.1", &url]].concat());
    fails(&[&format!("http://localhost:{port}/v1/status")]);
}

#[test]
fn what_cannot_be_shown_stops_the_service() {
    let folder = Folder::new();
    let Some([certificate_file, key_file]) = certificate(&folder, "own") else { return };
    let Some([_, other_key]) = certificate(&folder, "other") else { return };
    let serve = |arguments: &[&str]| {
        folder.run(["serve", "--no-keys", "--listen", "127.0.0.1:0", "--data", "data"].iter().chain(arguments))
    };
    serve(&["--tls-cert", &certificate_file]).assert_failed(2, &["--tls-cert and --tls-key go together"]);
    let with = |certificate: &str, key: &str, parts: &[&str]| {
        serve(&["--tls-cert", certificate, "--tls-key", key]).assert_failed(1, parts);
    };
    with(&certificate_file, &other_key, &["do not go together"]);
    with("none.crt", &key_file, &["--tls-cert none.crt"]);
    with(&key_file, &key_file, &["holds no certificate in PEM"]);
    with(&certificate_file, &certificate_file, &["--tls-key"]);
}

#[test]
fn a_certificate_that_is_written_anew_is_shown_without_a_restart() {
    let folder = Folder::new();
    let Some([certificate_file, key_file]) = certificate(&folder, "own") else { return };
    let Some([next_file, next_key]) = certificate(&folder, "next") else { return };
    let server = Server::start(&folder, &["--tls-cert", &certificate_file, "--tls-key", &key_file]);
    let port = server.address.strip_prefix("https://127.0.0.1:").unwrap();
    let url = format!("https://localhost:{port}/livez");
    let old_file = folder.path.join("old.crt").to_str().unwrap().to_owned();
    std::fs::copy(&certificate_file, &old_file).unwrap();
    let trusts = |file: &str| curl(&["--cacert", file, &url]).map(|answer| answer.status.success());
    let hang_up = || {
        let told = Command::new("kill").args(["-HUP", &server.id().to_string()]).status();
        assert!(told.unwrap().success());
        std::thread::sleep(std::time::Duration::from_millis(500));
    };
    let Some(trusted) = trusts(&old_file) else { return };
    assert!(trusted);
    // What does not go together is not shown.
    std::fs::copy(&next_file, &certificate_file).unwrap();
    hang_up();
    assert_eq!((trusts(&old_file), trusts(&next_file)), (Some(true), Some(false)));
    std::fs::copy(&next_key, &key_file).unwrap();
    hang_up();
    assert_eq!((trusts(&old_file), trusts(&next_file)), (Some(false), Some(true)));
}
