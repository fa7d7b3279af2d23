//! A QR code of an address, for whoever has it on another screen than the one that it is wanted on.

use core::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};
use yew::prelude::*;

/// The longest address that a code is made of. The largest code (version 40, level L) holds 2,953 bytes; its modules are
/// so small then that cameras begin to fail.
pub(crate) const QR_BYTES_MAX: usize = 2_900;

/// Modules that stay empty around a code. Source: ISO/IEC 18004, 6.3.8.
const QUIET: i32 = 4;

/// The code, dark on light whatever the page's colours are, since not every camera reads the reverse. None of what is too
/// long for one.
pub(crate) fn qr_code(address: &str) -> Option<Html> {
    if address.len() > QR_BYTES_MAX {
        return None;
    }
    // Level L: the address can be copied, too, and a screen is not scratched.
    let code = QrCode::encode_text(address, QrCodeEcc::Low).ok()?;
    let size = code.size() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let from = x;
            while code.get_module(x, y) {
                x += 1;
            }
            if x > from {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{} {}h{}v1h-{}z", from + QUIET, y + QUIET, x - from, x - from);
            }
            x += 1;
        }
    }
    Some(html! {
        <svg class="qr" viewBox={format!("0 0 {size} {size}")} role="img" shape-rendering="crispEdges"
            aria-label="QR code of the link above" data-testid="qr-code">
            <rect width={size.to_string()} height={size.to_string()} fill="#ffffff" />
            <path d={path} fill="#000000" />
        </svg>
    })
}
