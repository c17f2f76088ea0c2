"""The egress: a process of its own that puts the real card into one payment request, and takes it out of the answer.

In: sealed credentials with the decision they open under, and one request that the extension paused.
Out: the merchant's answer with every form of the number replaced by the surrogate, or a refusal.
The number is in this process's memory from arming to that one request; it goes nowhere else.
Where it may go comes from the processor registry (`broker.protocol.processors`), never from the page.
"""
