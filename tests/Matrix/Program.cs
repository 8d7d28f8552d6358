// make test-modules ONLY='gnutls': see MatrixOptions.Usage.
//   Matrix run …                 the cells
//   Matrix resolve FILE…         what the resolver of module tls finds in libraries and programs, and how long it looks
using ECapture.Tests.Matrix;

switch (args)
{
    case ["resolve", .. string[] files]:
        return ResolveCommand.Run(files);
    default:
        return 2;
}
