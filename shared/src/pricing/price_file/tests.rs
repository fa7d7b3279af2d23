//! Price files that are right, and such that are not.

use super::*;
use crate::input::InputProblems;
use crate::pricing::{Tiers, read_exchange_rates};
use crate::units::{Instant, Rate, Resources};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

#[test]
fn prices_hold_from_their_date_on() {
    let book = read_prices(
        "currency,instance_type,price_per_hour,vcpu,memory_gib,from\n\
         EUR,big,2.5,64,256,2026-02-01T00:00:00Z\nEUR,big,2,,,\nEUR,small,0.1,1,0.5,\n",
    )
    .unwrap();
    assert_eq!((book.currency.as_str(), book.types.len()), ("EUR", 2));
    assert_eq!(book.get("big").unwrap().shape, Some(Resources::compute(64_000, 256 * 1_024)));
    assert_eq!(book.rate("big", at("2026-01-31T23:59:59Z")), Some("2".parse().unwrap()));
    assert_eq!(book.rate("big", at("2026-02-01T00:00:00Z")), Some("2.5".parse().unwrap()));
}

#[test]
fn workers_of_modules_have_prices_too() {
    let read = |modules: &str| {
        let text = format!(
            "currency = \"EUR\"\nmodules = {modules}\n[[prices]]\ninstance_type = \"big\"\nprice_per_hour = 2\n"
        );
        read_price_file(&text, &ExchangeRates::default())
    };
    let workers = read(r#"{ scheduler = "0.12", gateway = 0.03 }"#).unwrap().workers;
    let named: Vec<(Module, String)> = workers.into_iter().map(|(module, rate)| (module, rate.to_string())).collect();
    assert_eq!(named, [(Module::Gateway, "0.03".to_owned()), (Module::Scheduler, "0.12".to_owned())]);
    let wrong = |modules: &str| read(modules).unwrap_err().0.iter().map(InputError::to_string).collect::<Vec<_>>();
    let found = wrong(r#"{ shedular = 1, gateway = -1 }"#);
    assert!(
        found[0].starts_with("field `modules.shedular`: is unknown") && found[0].contains("`scheduler`"),
        "{found:?}"
    );
    assert!(found[1].starts_with("field `modules.gateway`: ") && found.len() == 2, "{found:?}");
    assert!(wrong("3")[0].contains("field `modules`: is no table"));
    let without =
        "modules = { gateway = 1 }\n[[prices]]\ninstance_type = \"a\"\nprice_per_hour = 1\ncurrency = \"USD\"";
    let error = read_price_file(without, &ExchangeRates::default()).unwrap_err().first();
    assert!(error.message.contains("the currency that `modules` are in"), "{error}");
}

#[test]
fn owned_hardware_has_an_hourly_rate() {
    // (8,760 ÷ (48 × 730) + 0.5 × 0.2) × 1.2 = (0.25 + 0.1) × 1.2 = 0.42.
    let text = "instance_type,currency,purchase_price,term_months,power_kw,price_per_kwh,overhead_percent\n\
                rack,EUR,8760,48,0.5,0.2,20\nplain,EUR,8760,48,,,\n";
    let book = read_prices(text).unwrap();
    assert_eq!(book.get("rack").unwrap().prices[0].rate.to_string(), "0.42");
    assert_eq!(book.get("plain").unwrap().prices[0].rate.to_string(), "0.25");
}

#[test]
fn what_is_wrong_is_named_with_line_and_field() {
    let check = |text: &str, line: u64, field: &str, part: &str| {
        let error = read_prices(text).unwrap_err();
        assert_eq!((error.line, error.field.as_deref()), (line, Some(field)), "{error}");
        assert!(error.message.contains(part), "{error}");
    };
    let header = "instance_type,price_per_hour,currency,from,vcpu,purchase_price,term_months\n";
    let check_row = |row: &str, line, field, part| check(&format!("{header}{row}\n"), line, field, part);
    check("instance_type,price_per_hour\n", 1, "currency", "no column");
    check("instance_type,currency\n", 1, "price_per_hour", "owned hardware");
    check("instance_type,price_per_hour,currency,vcpus\n", 1, "vcpus", "unknown column");
    check_row("a,-1,USD,,,,", 2, "price_per_hour", "negative");
    check_row("a,1,usd,,,,", 2, "currency", "ISO 4217");
    check_row("a,1,USD,,,,\na,1,USD,,,,", 3, "instance_type", "two prices");
    check_row("a,1,USD,,,,\nb,1,EUR,,,,", 3, "currency", "prices on a line above are in USD");
    check_row("a,1,USD,,2,,\na,1,USD,2026-01-01T00:00:00Z,4,,", 3, "vcpu", "on a line above");
    check_row("a,1,USD,,,5,6", 2, "price_per_hour", "one or the other");
    check_row("a,,USD,,,,", 2, "price_per_hour", "is empty");
    check_row("a,,USD,,,,5", 2, "purchase_price", "is empty");
    check_row("a,,USD,,,5,", 2, "term_months", "is empty");
    check_row("a,,USD,,,5,0", 2, "term_months", "is 0");
    check_row("a,1,USD,yesterday,,,", 2, "from", "RFC 3339");
    assert!(read_prices(header).unwrap_err().message.contains("no rows"));
}

const TOML: &str = r#"
currency = "EUR"

[units]
vcpu = 0.03
memory_gib = "0.004"
gpu = 1
storage_gib = 0

[[prices]]
instance_type = "big"
price_per_hour = "2.5"
vcpu = 64
memory_gib = 256
from = 2026-02-01T00:00:00Z

[[prices]]
instance_type = "big"
price_per_hour = 2

[[prices]]
instance_type = "rack"
purchase_price = 8760
term_months = 48
power_kw = 0.5
price_per_kwh = 0.2
overhead_percent = 20
"#;

#[test]
fn documents_say_what_tables_say() {
    let csv = "instance_type,price_per_hour,currency,vcpu,memory_gib,from,purchase_price,term_months,power_kw,price_per_kwh,\
               overhead_percent\nbig,2.5,EUR,64,256,2026-02-01T00:00:00Z,,,,,\nbig,2,EUR,,,,,,,,\n\
               rack,,EUR,,,,8760,48,0.5,0.2,20\n";
    let json = r#"{"currency":"EUR","prices":[
        {"instance_type":"big","price_per_hour":2.5,"vcpu":64,"memory_gib":256,"from":"2026-02-01T00:00:00Z"},
        {"instance_type":"big","price_per_hour":"2","from":null},
        {"instance_type":"rack","purchase_price":8760,"term_months":48,"power_kw":0.5,"price_per_kwh":0.2,
         "overhead_percent":20}]}"#;
    let table = read_prices(csv).unwrap();
    assert_eq!(read_prices(json).unwrap(), table);
    // 0.0365 ÷ 730 is 0.00005; 0.08 ÷ 730 is 0.000109589041…
    for (month, hour) in [("0.0365", "0.00005"), ("0.08", "0.000109589")] {
        let units = |storage: String| {
            let units = format!("units = {{ vcpu = 1, memory_gib = 1, gpu = 1, {storage} }}");
            format!("currency = \"EUR\"\n{units}\nprices = [{{ instance_type = \"a\", price_per_hour = 1 }}]\n")
        };
        let monthly = read_prices(&units(format!("storage_gib_month = \"{month}\""))).unwrap();
        assert_eq!(monthly, read_prices(&units(format!("storage_gib = \"{hour}\""))).unwrap());
        let both = read_prices(&units("storage_gib = 1, storage_gib_month = 1".to_owned())).unwrap_err();
        assert_eq!(both.field.as_deref(), Some("units.storage_gib"), "{both}");
        let wrong = read_prices(&units("storage_gib_month = -1".to_owned())).unwrap_err();
        assert_eq!(wrong.field.as_deref(), Some("units.storage_gib_month"), "{wrong}");
    }
    let list = r#" [ {"instance_type":"a","price_per_hour":"1","currency":"EUR"} ] "#;
    assert_eq!(read_prices(list).unwrap().currency.as_str(), "EUR");
    let toml = read_prices(TOML).unwrap();
    assert_eq!(toml.types, table.types);
    let nanos = |rate: Rate| rate.nanos();
    assert_eq!((nanos(toml.units.vcpu), nanos(toml.units.memory_gib)), (30_000_000, 4_000_000));
    assert_eq!((nanos(toml.units.gpu), toml.units.iops), (1_000_000_000, Rate::ZERO));
    assert!(toml.has_unit_prices() && !table.has_unit_prices(), "the built-in ones are in USD");
    // As a comment may come first.
    assert_eq!(read_prices(&format!("# ours\n\n{TOML}")).unwrap(), toml);
    assert_eq!(read_prices(TOML.split_once("[[").unwrap().0).unwrap_err().field.as_deref(), Some("prices"));
}

#[test]
fn every_problem_is_named_by_its_path() {
    let said = |text: &str| -> Vec<String> {
        let InputProblems(problems) = read_price_file(text, &ExchangeRates::default()).unwrap_err();
        problems.iter().map(ToString::to_string).collect()
    };
    let text = r#"
        currency = "euro"
        price = 1
        units = { vcpu = "1", memory_gib = -1, gpu = true, iosp = 1 }
        prices = [
            { instance_type = "a", price_per_hour = "x", currency = "EUR" },
            { instance_type = "b", currency = "EUR" },
            { instance_type = "c", price_per_hour = [1], currency = "EUR" },
            { instance_type = "d", price = 1 },
            4,
        ]
    "#;
    let found = said(text);
    let expected = [
        "field `price`: is unknown; expected some of `currency`, `prices`, `units`",
        "field `currency`: `euro` is not a currency; write an ISO 4217 code such as USD",
        "field `units.iosp`: is unknown; expected some of `vcpu`,",
        "field `units.memory_gib`: `-1` is a negative price",
        "field `units.gpu`: is true; expected a text or a number",
        "field `prices[2].price_per_hour`: is [1]; expected a text or a number",
        "field `prices[3].price`: is unknown; expected some of `instance_type`,",
        "field `prices[4]`: is no table; expected fields such as `instance_type`",
        "field `prices[0].price_per_hour`: `x` is not a price; write a decimal number such as 0.096",
        "field `prices[1].price_per_hour`: is empty; expected a price per hour, or the purchase price",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "expected `{expected}` in {found}");
    }
    // Of a table, too.
    let lines = "instance_type,price_per_hour,currency\na,x,USD\nb,1,usd\n,1,USD\n";
    assert_eq!(said(lines).len(), 3);
    let problems = read_price_file(lines, &ExchangeRates::default()).unwrap_err().to_string();
    assert!(problems.starts_with("3 problems\n  line 2: field `price_per_hour`: `x` is not a price"), "{problems}");
    let many =
        (0..110).fold("instance_type,price_per_hour,currency\n".to_owned(), |text, i| format!("{text}{i},x,USD\n"));
    let problems = read_price_file(&many, &ExchangeRates::default()).unwrap_err().to_string();
    assert!(problems.starts_with("110 problems") && problems.ends_with("\n  and 10 more"), "{problems}");
    assert!(said("[[prices]\n")[0].starts_with("line 1: is no TOML"));
    assert!(said("{\"prices\":[}")[0].contains("is no JSON"));
    let units = r#"units = { vcpu = 1, memory_gib = 1, gpu = 1, storage_gib = 1 }"#;
    assert!(said(units)[0].starts_with("field `currency`: is missing; expected the currency that `units` are in"));
    assert!(said("{\"prices\":[]}")[0].contains("holds no prices"));
}

/// 2 USD are 1.8 EUR at 0.9, 1.6 at 0.8, 1.0 at 0.5; from the fourth of March on the price is 3, or 1.5 EUR.
#[test]
fn a_converted_price_follows_the_rates_until_the_next_price() {
    let rates = "date,from,to,rate\n2026-01-01,USD,EUR,0.9\n2026-03-02,USD,EUR,0.8\n2026-03-03,USD,EUR,0.5\n\
                 2026-03-05,USD,EUR,0.5\n";
    let rates = read_exchange_rates(rates).unwrap();
    let rows = "x,2,USD,2026-02-01T00:00:00Z\nx,3,USD,2026-03-04T00:00:00Z\ny,1,EUR,\n";
    let text = format!("instance_type,price_per_hour,currency,from\ny,1,EUR,2020-01-01T00:00:00Z\n{rows}");
    let PriceFile { book, notices, .. } = read_price_file(&text, &rates).unwrap();
    let prices = &book.get("x").unwrap().prices;
    let seen: Vec<String> = prices.iter().map(|price| format!("{} {}", price.from, price.rate)).collect();
    assert_eq!(
        seen,
        [
            "2026-02-01T00:00:00Z 1.8",
            "2026-03-02T00:00:00Z 1.6",
            "2026-03-03T00:00:00Z 1",
            "2026-03-04T00:00:00Z 1.5",
            "2026-03-05T00:00:00Z 1.5",
        ]
    );
    assert!(notices[0].starts_with("2 prices in USD are converted to EUR at 4 exchange rates"), "{notices:?}");
}

#[test]
fn another_currency_is_converted_by_the_rate_of_its_date_or_refused() {
    let rates = read_exchange_rates(
        "date,from,to,rate\n2026-01-01,EUR,USD,1.0832\n2026-03-01,EUR,USD,1.1\n2026-01-01,CHF,USD,1.2\n",
    )
    .unwrap();
    let rows = "a,1,USD,\nb,0.096,EUR,2026-02-28T23:59:59Z\nb,0.096,EUR,2026-03-01T00:00:00Z\n\
                c,2,EUR,2026-04-01T00:00:00Z\n";
    let text = format!("instance_type,price_per_hour,currency,from\n{rows}");
    let PriceFile { book, notices, .. } = read_price_file(&text, &rates).unwrap();
    assert_eq!(book.currency, Currency::USD);
    // 0.096 × 1.0832 = 0.1039872, 0.096 × 1.1 = 0.1056, 2 × 1.1 = 2.2.
    let of = |name: &str| -> Vec<String> {
        book.get(name).unwrap().prices.iter().map(|dated| dated.rate.to_string()).collect()
    };
    assert_eq!(
        (of("a"), of("b"), of("c")),
        (vec!["1".into()], vec!["0.1039872".into(), "0.1056".into()], vec!["2.2".into()])
    );
    assert_eq!(
        notices,
        ["3 prices in EUR are converted to USD at 2 exchange rates, each from its date on: from 1.0832 since \
          2026-01-01T00:00:00Z to 1.1 since 2026-03-01T00:00:00Z"]
    );
    assert!(read_price_file(TOML, &rates).unwrap().notices.is_empty(), "all of it is in the currency of the book");

    let check = |row: &str, rates: &ExchangeRates, field: &str, part: &str| {
        let text = format!("instance_type,price_per_hour,currency,from\na,1,USD,\n{row}\n");
        let InputProblems(problems) = read_price_file(&text, rates).unwrap_err();
        assert_eq!(
            (problems.len(), problems[0].line, problems[0].field.as_deref()),
            (1, 3, Some(field)),
            "{problems:?}"
        );
        assert!(problems[0].message.contains(part), "{problems:?}");
    };
    let none = ExchangeRates::default();
    check("b,1,EUR,2026-01-01T00:00:00Z", &none, "currency", "exchange rates from EUR to USD with --exchange-rates");
    check("b,1,EUR,", &rates, "from", "it is in EUR, and the exchange rate to USD is that of the date");
    check("b,1,EUR,2025-12-31T00:00:00Z", &rates, "currency", "no rate from EUR to USD at or before 2025-12-31");
    check("b,1,GBP,2026-01-01T00:00:00Z", &rates, "currency", "no rate from GBP to USD");
    check(
        "b,8999999999,EUR,2026-01-01T00:00:00Z",
        &rates,
        "price_per_hour",
        "is more than 9,000,000,000 USD at 1.0832",
    );
}

const TIERED: &str = r#"
    currency = "EUR"
    egress = { price_per_gib = "0.09", sent_percent = 10 }
    used_this_month = { egress_gib = 500.5 }
    prices = [{ instance_type = "a", price_per_hour = 1, currency = "EUR" }]
    tiers = [
        { unit = "egress_gib", above = 51200, price = "0.07" },
        { unit = "storage_gib_month", above = 100, price = "0.0292" },
        { unit = "egress_gib", above = 10240, price = "0.085" },
    ]
"#;

#[test]
fn egress_and_tiers_are_read_in_order() {
    let book = read_prices(TIERED).unwrap();
    assert_eq!((book.egress.price_per_gib.to_string(), book.egress.sent_percent), ("0.09".to_owned(), 10));
    let said = |tiers: &Tiers| {
        let steps = tiers.steps.iter().map(|tier| format!("{} above {}", tier.price, tier.above));
        format!("{} {}: {}", tiers.unit, tiers.used_millionths, steps.collect::<Vec<_>>().join(", "))
    };
    assert_eq!(
        book.tiers.iter().map(said).collect::<Vec<_>>(),
        ["storage_gib 0: 0.00004 above 100", "egress_gib 500500000: 0.085 above 10240, 0.07 above 51200"]
    );
}

#[test]
fn what_is_wrong_with_egress_and_tiers_is_named() {
    let check = |from: &str, to: &str, field: &str, part: &str| {
        let text = TIERED.replacen(from, to, 1);
        assert_ne!(text, TIERED);
        let InputProblems(problems) = read_price_file(&text, &ExchangeRates::default()).unwrap_err();
        assert_eq!((problems.len(), problems[0].field.as_deref()), (1, Some(field)), "{problems:?}");
        assert!(problems[0].message.contains(part), "{problems:?}");
    };
    check("currency = \"EUR\"\n", "", "currency", "expected the currency that `egress` is in");
    check("sent_percent = 10", "sent_percent = 101", "egress.sent_percent", "is `101`; expected a whole number");
    check("price_per_gib = \"0.09\"", "price_per_gib = -1", "egress.price_per_gib", "negative price");
    check("egress = {", "sent = {}\n    egress = {", "sent", "is unknown");
    check(", sent_percent = 10", ", sent_percent = 0", "egress", "sends nothing, and has tiers");
    check("sent_percent = 10", "sent_percent = 12.5", "egress.sent_percent", "expected a whole number from 0 to 100");
    check("egress_gib = 500.5", "iops = 500.5", "used_this_month.iops", "has no tiers");
    check("500.5", "-1", "used_this_month.egress_gib", "expected a number from 0");
    check("above = 51200", "above = 10240", "tiers[2].above", "`egress_gib` has two tiers above 10240");
    check("above = 100,", "above = 0,", "tiers[1].above", "expected a whole number from 1");
    check("above = 100,", "", "tiers[1].above", "is missing");
    check(
        "\"storage_gib_month\"",
        "\"disk\"",
        "tiers[1].unit",
        "`disk` is no unit that can have tiers; expected one of vcpu,",
    );
    check("price = \"0.07\"", "cost = 1, price = \"0.07\"", "tiers[0].cost", "is unknown");
}
