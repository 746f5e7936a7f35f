"""Domains with as many devices as one asks for, valid and without a finding: half disks with chains of images, half interfaces with trunks."""


def letters(number):
    """a, b, ..., z, aa, ab, ...: the end of a disk's name."""
    name = ""
    number += 1
    while number > 0:
        number -= 1
        name = chr(ord("a") + number % 26) + name
        number //= 26
    return name


def disk(number):
    images = f"/var/lib/libvirt/images/guest-{number:06}"
    chain = "<backingStore/>"
    for depth in range(6, 0, -1):
        chain = f"""<backingStore type='file' index='{depth}'>
        <format type='qcow2'/>
        <source file='{images}/overlay-{depth:02}.qcow2'>
          <seclabel model='selinux' labelskip='yes'/>
        </source>
        {chain}
      </backingStore>"""
    return f"""    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none' io='native' discard='unmap'/>
      <source file='{images}/top.qcow2'/>
      {chain}
      <target dev='vd{letters(number)}' bus='virtio'/>
      <iotune>
        <read_bytes_sec>10000000</read_bytes_sec>
        <write_bytes_sec>10000000</write_bytes_sec>
        <read_iops_sec>400000</read_iops_sec>
        <write_iops_sec>100000</write_iops_sec>
      </iotune>
      <serial>GUEST-{number:08}</serial>
    </disk>
"""


def interface(number):
    mac = "52:54:" + ":".join(f"{byte:02x}" for byte in number.to_bytes(4, "big"))
    tags = "".join(f"        <tag id='{tag}'/>\n" for tag in range(100, 210))
    return f"""    <interface type='bridge'>
      <mac address='{mac}'/>
      <source bridge='ovsbr0'/>
      <virtualport type='openvswitch'/>
      <vlan trunk='yes'>
{tags}      </vlan>
      <model type='virtio'/>
    </interface>
"""


def domain(first, count):
    """A domain of `count` devices, the first of which has the number `first`, piece by piece."""
    yield """<domain type='kvm'>
  <name>guest</name>
  <memory unit='GiB'>4</memory>
  <vcpu>4</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
  </os>
  <devices>
"""
    for number in range(first, first + count):
        yield interface(number) if number % 2 else disk(number // 2)
    yield "  </devices>\n</domain>\n"
