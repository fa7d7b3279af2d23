//! The built-in prices against the published list.

use shared::input::{Row, Table};
use shared::pricing::builtin;
use shared::units::Dimension;

/// The listed price to the nano-dollar, the vCPU exactly; the list's memory is what the system sees, a little less than
/// the nominal amount.
#[test]
fn built_in_prices_and_shapes_are_those_of_the_published_list() {
    let Some(list) = tests::real_data("prices/ec2_us_east_1_ondemand.csv") else { return };
    let text = std::fs::read_to_string(list).expect("the list is text");
    let mut table = Table::open(&text, None).expect("the list has a header");
    let [name, price, vcpu, mib] =
        ["instance_type", "usd_per_hour", "vcpu", "mem_mib"].map(|column| table.column(column).expect("a column"));
    let (book, mut row, mut checked) = (builtin(), Row::default(), 0);
    while table.next(&mut row).expect("a row") {
        let Some(entry) = book.get(row.get(name)) else { continue };
        let shape = entry.shape.expect("every built-in type has a shape");
        assert_eq!(entry.prices[0].rate, row.get(price).parse().expect("a price"), "{}", entry.name);
        assert_eq!(shape[Dimension::Vcpu], row.get(vcpu).parse::<u32>().expect("vCPU") * 1_000, "{}", entry.name);
        let (seen, nominal) = (row.get(mib).parse::<u32>().expect("MiB"), shape[Dimension::Memory]);
        assert!(seen < nominal && seen > nominal / 10 * 9, "{}: {seen} of {nominal}", entry.name);
        checked += 1;
    }
    assert_eq!(checked, book.types.len());
}
