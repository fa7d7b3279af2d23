//! Chromium and its driver, for the browser tests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::{found, install};
use crate::process;
use crate::workspace::Workspace;

/// A browser and the driver that steers it.
pub(crate) struct Browser {
    /// Chromium or Chrome.
    pub(crate) program: PathBuf,
    /// chromedriver, of the same major version.
    pub(crate) driver: PathBuf,
}

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC_CHROME: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
const WHY: &str = "the browser tests open the dashboard in it";
/// Without a font, text on the charts' canvas is not drawn.
const DEBIAN: [&str; 3] = ["chromium", "chromium-driver", "fonts-liberation"];
const UBUNTU: [&str; 3] = ["chromium-browser", "chromium-chromedriver", "fonts-liberation"];

/// Finds both, or installs them where that takes no more than apt; elsewhere says what to run.
pub(super) fn set_up(workspace: &Workspace) -> Result<Browser> {
    if let Some(browser) = find(workspace) {
        return checked(workspace, browser);
    }
    let packages = packages(&fs::read_to_string("/etc/os-release").unwrap_or_default());
    let Some(packages) = packages.filter(|_| workspace.program("apt-get").is_some()) else {
        bail!(
            "Chromium and chromedriver are missing ({WHY})\n\
             install both and start again, for example with one of these:\n\n    \
             dnf install chromium chromedriver\n    pacman -S chromium\n    brew install --cask google-chrome chromedriver"
        );
    };
    if process::output(workspace.command("id").arg("-u")).as_deref() != Some("0") {
        bail!(
            "Chromium and chromedriver are missing ({WHY}), and only root may install them\n\
             run this yourself, then start again:\n\n    sudo apt-get install {}",
            packages.join(" ")
        );
    }
    install("lists of packages", "to find Chromium", workspace.command("apt-get").arg("update"))?;
    let mut apt = workspace.command("apt-get");
    apt.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    install("Chromium and chromedriver", WHY, apt.env("DEBIAN_FRONTEND", "noninteractive"))?;
    let browser = find(workspace).context("apt installed Chromium and chromedriver, but they are not on PATH")?;
    checked(workspace, browser)
}

fn find(workspace: &Workspace) -> Option<Browser> {
    let on_path = NAMES.iter().find_map(|name| workspace.program(name));
    let program = on_path.or_else(|| Some(PathBuf::from(MAC_CHROME)).filter(|path| path.is_file()))?;
    Some(Browser { program, driver: workspace.program("chromedriver")? })
}

/// A driver steers only browsers of its own major version, and fails late and obscurely with another.
fn checked(workspace: &Workspace, browser: Browser) -> Result<Browser> {
    let ask = |program: &Path| {
        let version = process::output(workspace.command(program).arg("--version"));
        version.with_context(|| format!("`{} --version` does not work", program.display()))
    };
    let (program, driver) = (ask(&browser.program)?, ask(&browser.driver)?);
    ensure!(
        major(&program) == major(&driver),
        "the browser and its driver are of different versions: install those that belong together\n    {}: {program}\n    {}: {driver}",
        browser.program.display(),
        browser.driver.display(),
    );
    found("browser", browser.program.display());
    found("its driver", browser.driver.display());
    Ok(browser)
}

/// The major version in a line such as `Chromium 140.0.7339.80 built on Debian`.
fn major(version: &str) -> Option<u32> {
    version.split_whitespace().find_map(|word| word.split_once('.')?.0.parse().ok())
}

/// The packages to install on a system that has apt, by what /etc/os-release says.
fn packages(os_release: &str) -> Option<[&'static str; 3]> {
    if is_like(os_release, "ubuntu") {
        Some(UBUNTU)
    } else if is_like(os_release, "debian") {
        Some(DEBIAN)
    } else {
        None
    }
}

/// Whether a system is of that name, or made from it, by what /etc/os-release says.
fn is_like(os_release: &str, name: &str) -> bool {
    let value = |key: &str| os_release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let ids = [value("ID"), value("ID_LIKE")];
    ids.into_iter().flatten().any(|ids| ids.trim_matches('"').split(' ').any(|id| id == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(major("Chromium 140.0.7339.80 built on Debian GNU/Linux 12 (bookworm)"), Some(140));
        assert_eq!(major("ChromeDriver 9.1.2 (670b6f1e-refs/branch-heads/4147@{#1066})"), Some(9));
        assert_eq!(major("no version"), None);
    }

    #[test]
    fn packages_follow_the_distribution() {
        assert_eq!(packages("NAME=\"Debian GNU/Linux\"\nID=debian\n"), Some(DEBIAN));
        // Ubuntu says `ID_LIKE=debian`, and its derivatives `ID_LIKE="ubuntu debian"`.
        assert_eq!(packages("ID=ubuntu\nID_LIKE=debian\n"), Some(UBUNTU));
        assert_eq!(packages("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), Some(UBUNTU));
        assert_eq!(packages("ID=fedora\n"), None);
        assert_eq!(packages(""), None);
    }
}
