//! Headroom on simulated companies, where the true one is known: a small version of `examples/potential`.

#[path = "../../examples/potential/measure.rs"]
mod measure;

use headroom::{domain::Seed, simulate::Company};
use measure::measure;

#[test]
fn headroom_finds_more_than_a_list_of_the_biggest_accounts() {
    let mut gains = Vec::new();
    for spread in [0.2, 1.0] {
        let company = Company { accounts: 500, months: 60, seed: Seed(11), spread, ..Company::default() };
        let project = tempfile::tempdir().unwrap();
        let found = measure(&company, project.path()).unwrap();
        assert!(found.accounts > 100, "{found:?}");
        let all = [found.big, found.stretch, found.peer, found.blend, found.published, found.oracle];
        assert!(all.iter().all(|rho| (-1.0..=1.0).contains(rho)), "{found:?}");
        assert_eq!(found.level, "blend");
        assert!(found.blend > 0.8 * found.oracle, "nearly what the oracle finds: {found:?}");
        gains.push(found.blend - found.big);
    }
    assert!(gains[0] > 0.15, "where peers are alike, they tell a lot: {gains:?}");
    assert!(gains[1] > -0.05, "where they are not, size is not forgotten: {gains:?}");
}
