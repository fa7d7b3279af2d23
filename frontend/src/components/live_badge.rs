//! Whether what is shown is of now.

use shared::units::Instant;
use yew::prelude::*;

use crate::format;
use crate::live::Hearing;
use crate::zone::Zone;

#[derive(Properties, PartialEq)]
pub(crate) struct LiveBadgeProps {
    /// How the page hears of what is new.
    pub(crate) hearing: Hearing,
    /// When it heard last, by the browser's clock.
    pub(crate) heard: Option<Instant>,
}

/// A badge, which is announced where it changes.
#[component]
pub(crate) fn LiveBadge(props: &LiveBadgeProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let since = props.heard.map(|heard| format!(", as of {}", format::time_of_day(heard.micros(), zone)));
    let since = since.unwrap_or_default();
    let (class, text, title) = match props.hearing {
        Hearing::Connecting => ("badge", "connecting …".to_owned(), "The page asks the service to be told what is new"),
        Hearing::Live => ("badge live", "live".to_owned(), "The service tells what is new as it happens"),
        Hearing::Reconnecting => {
            let title = "The connection is gone; the page asks every two seconds until it is there again";
            ("badge strong", format!("reconnecting …{since}"), title)
        }
        Hearing::Asking => {
            let title = "The service, or a proxy before it, tells nothing by itself; the page asks every two seconds";
            ("badge", format!("asking every 2 s{since}"), title)
        }
    };
    html! { <span {class} role="status" {title} data-testid="live">{ text }</span> }
}
