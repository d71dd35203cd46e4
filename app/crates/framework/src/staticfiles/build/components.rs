//! Files that refer to each other in a circle belong together. Tarjan's algorithm, without recursion: chains may be long.

/// The strongly connected components of a graph, each after all that it points to.
pub(super) fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; edges.len()];
    let mut lowest = vec![0; edges.len()];
    let mut is_open = vec![false; edges.len()];
    let (mut open, mut found, mut seen) = (Vec::new(), Vec::new(), 0);
    for start in 0..edges.len() {
        if order[start] != UNSEEN {
            continue;
        }
        // The nodes on the way, each with how many of its edges were followed.
        let mut way = vec![(start, 0)];
        while let Some((node, followed)) = way.last_mut() {
            let node = *node;
            if *followed == 0 && order[node] == UNSEEN {
                (order[node], lowest[node], is_open[node]) = (seen, seen, true);
                seen += 1;
                open.push(node);
            }
            if let Some(&next) = edges[node].get(*followed) {
                *followed += 1;
                if order[next] == UNSEEN {
                    way.push((next, 0));
                } else if is_open[next] {
                    lowest[node] = lowest[node].min(order[next]);
                }
                continue;
            }
            way.pop();
            if let Some((before, _)) = way.last() {
                lowest[*before] = lowest[*before].min(lowest[node]);
            }
            if lowest[node] == order[node] {
                let first = open.iter().rposition(|one| *one == node).unwrap_or(0);
                let mut component = open.split_off(first);
                component.iter().for_each(|one| is_open[*one] = false);
                component.sort_unstable();
                found.push(component);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn what_is_pointed_to_comes_first_and_circles_stay_together() {
        assert_eq!(components(&[vec![1], vec![2], vec![]]), [[2], [1], [0]]);
        assert_eq!(components(&[vec![1], vec![2], vec![0], vec![0]]), [vec![0, 1, 2], vec![3]]);
        assert_eq!(components(&[vec![0]]), [[0]]);
        assert_eq!(components(&[vec![1, 2], vec![0], vec![3], vec![2]]), [[2, 3], [0, 1]]);
        let chain: Vec<Vec<usize>> = (1..=100_000).map(|next| vec![next]).chain([vec![]]).collect();
        assert_eq!(components(&chain).len(), 100_001);
    }
}
