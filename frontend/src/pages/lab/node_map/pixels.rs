//! The pixels of a node map.

use shared::simulation::NodeMap;

/// Viridis (Smith and van der Walt, 2015), from nothing to all: even in lightness, and told apart by the colour-blind.
pub(super) const SCALE: [[u8; 3]; 9] = [
    [68, 1, 84],
    [71, 44, 122],
    [59, 81, 139],
    [44, 113, 142],
    [33, 144, 141],
    [39, 173, 129],
    [92, 200, 99],
    [170, 220, 50],
    [253, 231, 37],
];

/// More is requested than there is.
pub(super) const BEYOND: [u8; 3] = [213, 94, 0];

/// `width` × `height` pixels, red, green, blue and opacity each; where nothing is there it is transparent. Where there are
/// more nodes than pixels, a pixel is the mean of those that it covers.
pub(super) fn pixels(map: &NodeMap, dimension: usize, width: usize, height: usize) -> Vec<u8> {
    let (rows, columns) = (map.rows.len(), map.columns.len());
    let colours: Vec<[u8; 4]> = (0..=u8::MAX).map(colour).collect();
    let mut pixels = vec![0; width * height * 4];
    let mut line = vec![[0; 4]; columns];
    let mut drawn = None;
    for (y, of_line) in pixels.chunks_exact_mut(width * 4).enumerate() {
        let covered = row_at(y, height, rows)..row_at(y + 1, height, rows).max(row_at(y, height, rows) + 1);
        if drawn.as_ref() != Some(&covered) {
            for (column, colour) in line.iter_mut().enumerate() {
                let there = covered.clone().filter_map(|row| map.percent(dimension, row, column));
                let (sum, count) = there.fold((0, 0), |(sum, count), share| (sum + u32::from(share), count + 1));
                *colour = (sum + count / 2).checked_div(count).map_or([0; 4], |mean: u32| colours[mean as usize]);
            }
            drawn = Some(covered);
        }
        for (x, pixel) in of_line.chunks_exact_mut(4).enumerate() {
            pixel.copy_from_slice(&line[x * columns / width]);
        }
    }
    pixels
}

/// The row that begins at a pixel.
pub(super) fn row_at(y: usize, height: usize, rows: usize) -> usize {
    y * rows / height.max(1)
}

fn colour(percent: u8) -> [u8; 4] {
    if percent > 100 {
        return [BEYOND[0], BEYOND[1], BEYOND[2], 255];
    }
    let steps = SCALE.len() - 1;
    let at = f64::from(percent) / 100.0 * steps as f64;
    let from = (at as usize).min(steps - 1);
    let part = at - from as f64;
    let mix =
        |i: usize| (f64::from(SCALE[from][i]) * (1.0 - part) + f64::from(SCALE[from + 1][i]) * part).round() as u8;
    [mix(0), mix(1), mix(2), 255]
}
