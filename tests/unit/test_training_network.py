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
from models.training.network import SUMMARY_KEPT, Network, Shape, load, save  # noqa: E402
from models.training.phones import OUTPUTS, onset, rest  # noqa: E402
from models.training.sequence import allowed, log_total, mmi_loss, transitions  # noqa: E402

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
    assert rows[0] == ["phone", "position", "left", "forward_tid", "loop_tid", "frames"]
    assert rows[1] == ["SIL", "S", "*", "2", "1", "1"]
    assert len(rows) == 161


def test_kaldi_numbers_are_little_endian_with_their_size():
    writer = KaldiWriter().token("<X>").int32(1).float32(0.5).int_vector([2])
    assert bytes(writer.data) == (b"\0B<X> \x04\x01\0\0\0\x04\0\0\0\x3f\x04\x01\0\0\0\x02\0\0\0")


def brute_force(scores, matrix):
    frames, outputs = scores.shape
    total = 0.0
    for path in itertools.product(range(outputs), repeat=frames):
        weight = math.exp(sum(scores[t, s] for t, s in enumerate(path))) / outputs
        total += weight * math.prod(matrix[a, b] for a, b in itertools.pairwise(path))
    return math.log(total)


def test_the_total_of_all_paths_is_that_of_brute_force():
    rng = np.random.default_rng(0)
    scores, matrix = rng.normal(0, 2, (4, 3)), rng.dirichlet(np.ones(3), 3)
    total = log_total(torch.tensor(scores)[None], torch.tensor(matrix))
    assert total.item() == pytest.approx(brute_force(scores, matrix), rel=1e-6)


def test_transitions_are_probabilities():
    labels = np.array([rest("SIL"), onset("AA"), rest("AA"), onset("B"), rest("B")], np.uint8)
    matrix = transitions(labels)
    assert torch.allclose(matrix.sum(dim=1), torch.ones(OUTPUTS))
    assert matrix[rest("AA"), onset("B")] > matrix[rest("AA"), onset("D")]


def test_neighbouring_phones_are_allowed_and_unknown_frames_allow_all():
    labels = torch.tensor([[rest("SIL"), rest("SIL"), onset("AA"), rest("AA"), IGNORE]])
    mask = allowed(labels)[0]
    assert mask[1, onset("AA")] and mask[1, rest("SIL")]
    assert not mask[0, onset("AA")]
    assert mask[4].all()


def test_the_loss_falls_as_the_right_phones_win():
    labels = torch.tensor([[rest("SIL")] * 3 + [onset("AA")] + [rest("AA")] * 4])
    right = torch.zeros(1, 8, OUTPUTS).scatter_(2, labels.unsqueeze(2), 6.0)
    matrix = transitions(labels[0].numpy().astype(np.uint8))
    assert (
        0 <= mmi_loss(right, labels, matrix) < mmi_loss(torch.zeros(1, 8, OUTPUTS), labels, matrix)
    )
