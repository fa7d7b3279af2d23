//! Disks that are full, cannot be written, or have something else where the database was.

use std::path::PathBuf;
use std::process::Command;

use super::server::{Reply, Server};
use crate::shadowplane::Folder;

/// A disk in memory; gone when it is dropped. Only root on Linux has one: else the test is skipped.
struct Disk {
    at: PathBuf,
    _folder: Folder,
}

impl Disk {
    fn new(options: &str) -> Option<Self> {
        let folder = Folder::new();
        let at = folder.path.join("disk");
        std::fs::create_dir_all(&at).unwrap();
        let disk = Self { at, _folder: folder };
        if !disk.mount(options) {
            tests::skipped("needs root, who mounts a disk in memory");
            return None;
        }
        Some(disk)
    }

    fn mount(&self, options: &str) -> bool {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&self.at);
        command.output().is_ok_and(|output| output.status.success())
    }

    /// A folder on it, as a test has one.
    fn folder(&self) -> Folder {
        let path = self.at.join("data");
        std::fs::create_dir_all(&path).unwrap();
        Folder { path }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What stays mounted is gone with the machine.
        let _ = Command::new("umount").arg("--lazy").arg(&self.at).output();
    }
}

const LINES: u32 = 2_000;

fn batch(number: u32) -> String {
    let line = |place: u32| {
        let id = number * LINES + place;
        format!(
            r#"{{"id":"r-{id}","at":"2026-01-01T00:00:00Z","tenant":"acme","op":"create","class":"compute","resource":"{id}","requested":{{"vcpu":2}}}}"#
        )
    };
    (0..LINES).map(line).collect::<Vec<_>>().join("\n")
}

fn send(server: &Server, number: u32) -> Reply {
    server.post("/v1/requests", "application/x-ndjson", batch(number).as_bytes())
}

#[test]
fn a_full_disk_is_told_and_what_was_answered_before_is_there() {
    let Some(disk) = Disk::new("size=16m") else { return };
    let folder = disk.folder();
    let server = Server::start(&folder, &[]);
    let mut taken = 0;
    let full = loop {
        let reply = send(&server, taken);
        if reply.status != 200 {
            break reply;
        }
        taken += 1;
        assert!(taken < 100, "16 MiB never were full");
    };
    assert_eq!((full.status, &full.json()["type"]), (503, &"urn:shadowplane:problem:disk-full".into()), "{full:?}");
    assert!(full.headers.contains("retry-after: \"30\""), "{}", full.headers);
    assert_eq!(server.get("/v1/status").json()["requests"], taken * LINES, "what is there can be read");
    // With room again, it goes on by itself, and after a kill too.
    assert!(disk.mount("remount,size=64m"));
    assert_eq!(send(&server, taken).json()["accepted"], LINES);
    server.kill();
    let server = Server::start(&folder, &[]);
    assert_eq!(server.get("/v1/status").json()["requests"], (taken + 1) * LINES);
    assert_eq!(send(&server, 0).json()["duplicates"], LINES);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let Some(disk) = Disk::new("size=1m") else { return };
    let folder = disk.folder();
    assert!(disk.mount("remount,ro"));
    let other = Folder::new();
    let data = folder.path.to_str().unwrap();
    let answer = other.run(["serve", "--no-keys", "--listen", "127.0.0.1:0", "--data", data]);
    answer.assert_failed(1, &[data, "choose a path that can be written"]);
    assert!(disk.mount("remount,rw"));
    drop(Server::start(&folder, &[]));
}

#[test]
fn a_file_that_is_damaged_is_named_and_left_as_it_is() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    assert_eq!(send(&server, 0).status, 200);
    server.kill();
    drop(Server::start(&folder, &[]));
    for file in ["shadowplane.sqlite-wal", "shadowplane.sqlite-shm"] {
        // After an end in good order there is none.
        let _ = std::fs::remove_file(folder.path.join(file));
    }
    let mut bytes = std::fs::read(folder.path.join("shadowplane.sqlite")).unwrap();
    bytes[..64].fill(0x55);
    folder.write("shadowplane.sqlite", &bytes);
    let answer = folder.run(["serve", "--no-keys", "--listen", "127.0.0.1:0", "--data", "."]);
    answer.assert_failed(1, &["shadowplane.sqlite", "is damaged", "shadowplane restore"]);
    assert_eq!(std::fs::read(folder.path.join("shadowplane.sqlite")).unwrap(), bytes);
}
