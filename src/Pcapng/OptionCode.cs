namespace ECapture.Pcapng;

/// <summary>
/// Option codes (draft-ietf-opsawg-pcapng, section "Options" and the option tables of each block). A code above 1 means something else in
/// each block.
/// </summary>
public static class OptionCode
{
    /// <summary>opt_endofopt.</summary>
    public const ushort End = 0;

    /// <summary>opt_comment, UTF-8, in every block.</summary>
    public const ushort Comment = 1;

    /// <summary>shb_hardware, UTF-8.</summary>
    public const ushort SectionHardware = 2;

    /// <summary>shb_os, UTF-8.</summary>
    public const ushort SectionOs = 3;

    /// <summary>shb_userappl, UTF-8.</summary>
    public const ushort SectionApplication = 4;

    /// <summary>if_name, UTF-8.</summary>
    public const ushort InterfaceName = 2;

    /// <summary>if_description, UTF-8.</summary>
    public const ushort InterfaceDescription = 3;

    /// <summary>if_tsresol, one byte.</summary>
    public const ushort InterfaceTimestampResolution = 9;

    /// <summary>if_tsoffset, seconds, 64 bits signed.</summary>
    public const ushort InterfaceTimestampOffset = 14;

    /// <summary>epb_flags, 32 bits.</summary>
    public const ushort PacketFlags = 2;

    /// <summary>epb_processid_threadid, two numbers of 32 bits.</summary>
    public const ushort PacketProcess = 8;

    /// <summary>pib_name of Wireshark's Process Information entry, UTF-8.</summary>
    public const ushort ProcessName = 2;

    /// <summary>pib_uid of Wireshark's Process Information entry, 32 bits.</summary>
    public const ushort ProcessUser = 6;

    /// <summary>pib_starttime of Wireshark's Process Information entry, nanoseconds of the Unix epoch, 64 bits.</summary>
    public const ushort ProcessStart = 9;
}
