"""The network, its sequence loss and the files Vosk reads."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
pytest.importorskip("pocketsphinx", reason="needs the extra 'train'")

from models.training.align import frame_logits  # noqa: E402 - after the checks for the extra
from models.training.export import _fold, export  # noqa: E402
from models.training.kaldi_writer import KaldiWriter  # noqa: E402
from models.training.mixing import IGNORE  # noqa: E402
from models.training.network import (  # noqa: E402
    SUMMARY_KEPT,
    Network,
    Shape,
    load,
    refined,
    save,
)
from models.training.phones import OUTPUTS, PAIRS, PHONES, coarse_outputs, onset, rest  # noqa: E402
from models.training.sequence import (  # noqa: E402
    LEAK,
    STAY,
    Graph,
    allowed,
    log_total,
    mmi_loss,
    transitions,
)

SMALL = Shape(width=16, bottleneck=8, blocks=3, seasoned_blocks=1, summary=4)


def trained(shape):
    torch.manual_seed(0)
    made = Network(shape)
    for _ in range(3):  # give the batch norms something to remember
        made(torch.randn(4, SMALL.left_context + 58 + SMALL.right_context, 40) * 5)
    return made.eval()


@pytest.fixture
def net():
    return trained(SMALL)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_window_with_its_context_gives_one_output_every_third_frame(net, count):
    frames = SMALL.left_context + 3 * count - 2 + SMALL.right_context
    assert net(torch.randn(2, frames, 40)).shape == (2, count, OUTPUTS)


def test_without_a_summary_outputs_do_not_depend_on_where_the_window_begins():
    net = trained(replace(SMALL, summary=0))
    features = torch.randn(300, 40)
    every_frame = frame_logits(net, features)
    left = SMALL.left_context
    shifted = net(features[None, 30 : 30 + left + 16 + SMALL.right_context])[0]
    assert torch.allclose(every_frame[30 + left : 30 + left + 18 : 3], shifted, atol=1e-4)


def test_the_summary_is_the_recurrence_that_is_exported(net):
    spliced = torch.randn(1, 20, 200)
    mean = torch.zeros(4)
    for new in torch.relu(net.summary(spliced))[0]:
        mean = (1 - SUMMARY_KEPT) * new + SUMMARY_KEPT * mean
    torch.nn.init.normal_(net.summary_out.weight)
    assert torch.allclose(net._summary(spliced)[0, -1], net.summary_out(mean), atol=1e-5)


def test_saved_networks_come_back(net, tmp_path):
    save(tmp_path / "net.pt", net, torch.ones(OUTPUTS))
    again, priors = load(tmp_path / "net.pt")
    features = torch.randn(1, SMALL.left_context + 1 + SMALL.right_context, 40)
    assert torch.equal(net(features), again.eval()(features))
    assert priors.sum() == OUTPUTS


def test_a_folded_batch_norm_is_the_same_map(net):
    scale, shift = _fold(net.first_norm)
    values = torch.randn(5, 16)
    assert np.allclose(values.numpy() * scale + shift, net.first_norm(values).detach(), atol=1e-5)


def test_export_writes_every_file_that_the_graph_compiler_reads(net, tmp_path):
    with torch.no_grad():
        export(net, torch.ones(OUTPUTS), tmp_path)
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {
        "am/final.mdl",
        "conf/mfcc.conf",
        "conf/model.conf",
        "graph/units.tsv",
        "graph/phones/word_boundary.int",
    }
    rows = [line.split("\t") for line in (tmp_path / "graph/units.tsv").read_text().splitlines()]
    assert rows[0] == ["phone", "position", "left", "forward_tid", "loop_tid"]
    assert rows[1] == ["SIL", "S", "*", "2", "1"]
    assert rows[5] == ["AA", "S", "SIL", "10", "9"]
    assert rows[6] == ["AA", "S", "P B F V", "12", "11"]
    assert len(rows) == 1 + 4 + 4 * 39 * 15


def test_kaldi_numbers_are_little_endian_with_their_size():
    writer = KaldiWriter().token("<X>").int32(1).float32(0.5).int_vector([2])
    assert bytes(writer.data) == (b"\0B<X> \x04\x01\0\0\0\x04\0\0\0\x3f\x04\x01\0\0\0\x02\0\0\0")


def test_outputs_that_get_left_contexts_score_as_before():
    coarse = trained(replace(SMALL, outputs=2 * len(PHONES)))
    coarse_priors, priors = torch.rand(2 * len(PHONES)) + 0.1, torch.rand(OUTPUTS) + 0.1
    fine = refined(coarse, coarse_priors, priors).eval()
    features = torch.randn(1, SMALL.left_context + 13 + SMALL.right_context, 40)
    before = coarse(features).log_softmax(2) - (coarse_priors / coarse_priors.sum()).log()
    after = fine(features).log_softmax(2) - (priors / priors.sum()).log()
    moved = after - before[..., coarse_outputs()]
    assert torch.allclose(moved, moved[..., :1].expand_as(moved), atol=1e-4)


def small_graph():
    """Silence (pair 0), and two phones after silence only (1, 2) or after a phone (3, 4)."""
    leave = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1.0]])
    enter = torch.tensor([[0.2, 0.5, 0.3, 0, 0], [0.4, 0, 0, 0.1, 0.5], [0.3, 0, 0, 0.6, 0.1]])
    return Graph(leave, enter)


def brute_force(emission, graph):
    """The sum over every path of outputs, each a pair's onset or its rest."""
    pairs = graph.leave.shape[0]
    follow = (1 - STAY) * (graph.leave @ graph.enter)
    matrix = torch.full((2 * pairs, 2 * pairs), LEAK / (2 * pairs))
    for source, target in itertools.product(range(2 * pairs), range(2 * pairs)):
        if target % 2 == 0:
            matrix[source, target] += follow[source // 2, target // 2]
        elif target // 2 == source // 2:
            matrix[source, target] += STAY
    total = 0.0
    for path in itertools.product(range(2 * pairs), repeat=len(emission)):
        weight = math.prod(emission[t, s].item() for t, s in enumerate(path)) / (2 * pairs)
        total += weight * math.prod(matrix[a, b].item() for a, b in itertools.pairwise(path))
    return math.log(total)


def test_the_total_of_all_paths_is_that_of_brute_force():
    emission = torch.tensor(np.random.default_rng(0).uniform(0.1, 2, (3, 10)), dtype=torch.float32)
    total = log_total(emission[None], small_graph())
    assert total.item() == pytest.approx(brute_force(emission, small_graph()), rel=1e-4)


def test_transitions_are_probabilities_and_keep_the_left_phone():
    labels = np.array(
        [rest("SIL"), onset("AA"), rest("AA"), onset("B", "AA"), rest("B", "AA")], np.uint16
    )
    graph = transitions(labels)
    assert torch.allclose(graph.enter.sum(dim=1), torch.ones(len(PHONES)))
    assert graph.leave.shape == (PAIRS, len(PHONES))
    reach = torch.zeros(1, PAIRS, 2)
    reach[0, rest("AA") // 2, 1] = 1.0
    after = graph.step(reach).flatten()
    assert after[rest("AA")] == STAY
    assert after[onset("B", "AA")] > after[onset("D", "AA")] > 0
    assert after[onset("B", "IY")] == after[onset("B")] == 0
    assert after[onset("SIL")] > 0


def test_neighbouring_phones_are_allowed_and_unknown_frames_allow_all():
    labels = torch.tensor([[rest("SIL"), rest("SIL"), onset("AA"), rest("AA"), IGNORE]])
    mask = allowed(labels)[0]
    assert mask[1, onset("AA")] and mask[1, rest("SIL")]
    assert not mask[0, onset("AA")]
    assert mask[4].all()


def test_the_loss_falls_as_the_right_phones_win():
    labels = torch.tensor([[rest("SIL")] * 3 + [onset("AA")] + [rest("AA")] * 4])
    right = torch.zeros(1, 8, OUTPUTS).scatter_(2, labels.unsqueeze(2), 6.0)
    graph = transitions(labels[0].numpy().astype(np.uint16))
    chance = mmi_loss(torch.zeros(1, 8, OUTPUTS), labels, graph)
    assert 0 <= mmi_loss(right, labels, graph) < chance
