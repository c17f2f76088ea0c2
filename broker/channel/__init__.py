"""The broker's side of the extension channel: mutual-TLS listener, pairing, frames.

In: connections of native messaging hosts, and pairing codes made by a person at this machine. Out:
paired browsers that `releases` can send to, and their messages on the way to it. The host is only a
pipe: trust is between the extension's key and the broker's, as ``protocol/channel.py`` defines.
"""

from broker.channel.devices import Device, DeviceDirectory
from broker.channel.identity import ChannelIdentity
from broker.channel.limits import ChannelLimits
from broker.channel.listener import ChannelServer
from broker.channel.pairing import PairingDesk

__all__ = ["ChannelIdentity", "ChannelLimits", "ChannelServer", "Device", "DeviceDirectory", "PairingDesk"]
