"""Requests of every kind, valid and not, and the limits that each of them must keep.

cases      one request by seed and index, made from the descriptors of the contract; `wire` has its bytes
   |
targets    the handlers in this process, or `virtuoso serve` as a process: request -> answer
   |
contract   what is wrong with an answer
cost       CPU time, memory and log lines
"""
