# The image of a release: one binary, for other images to copy.
#
#   COPY --from=lprobe:0.1.0 /lprobe /lprobe
#
# `make image` builds it from what `make dist` made: lprobe:0.1.0, and lprobe:0.1.0-full. LPROBE_IMAGE is another name for lprobe.
FROM scratch
ARG BINARY=lprobe
# BuildKit sets both, for each platform, unless they have a default here: arm and v7 for 32-bit ARM.
ARG TARGETARCH
ARG TARGETVARIANT
COPY ${TARGETARCH}${TARGETVARIANT}/${BINARY} /lprobe
COPY LICENSE-APACHE LICENSE-MIT /licenses/
# Those of all that is in the binary.
COPY ${TARGETARCH}${TARGETVARIANT}/${BINARY}.txt /licenses/THIRD-PARTY.txt
# To write to a volume by `lprobe install`, be the volume's owner.
USER 65532:65532
ENTRYPOINT ["/lprobe"]
CMD ["--help"]
