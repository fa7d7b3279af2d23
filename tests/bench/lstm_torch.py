"""What tests/bench/lstm.rs times, in torch: one line `name milliseconds` for each."""

import time

import torch

SEQUENCES, STEPS, INPUTS, HIDDEN = 32, 96, 16, 64
LEVELS = torch.tensor([0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95])


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.recurrent = torch.nn.LSTM(INPUTS, HIDDEN, batch_first=True)
        self.head = torch.nn.Linear(HIDDEN, len(LEVELS))

    def forward(self, steps):
        states, _ = self.recurrent(steps)
        return self.head(states[:, -1])


def shortest_ms(times, task):
    """The shortest of so many runs: what other programs on the machine disturbed least."""
    shortest = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        task()
        shortest = min(shortest, (time.perf_counter() - start) * 1e3)
    return shortest


torch.set_num_threads(1)
torch.manual_seed(1)
network = Network()
optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
steps = torch.randn(SEQUENCES, STEPS, INPUTS)
answers = torch.randn(SEQUENCES, 1)


def training_step():
    optimizer.zero_grad()
    miss = answers - network(steps)
    torch.maximum(LEVELS * miss, (LEVELS - 1) * miss).mean().backward()
    optimizer.step()


def inference():
    with torch.inference_mode():
        return network(steps[:1])


print("version", torch.__version__)
print("training_step_ms", shortest_ms(100, training_step))
network.eval()
print("inference_ms", shortest_ms(500, inference))
