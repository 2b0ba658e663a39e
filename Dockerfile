# The image of a release: one binary, for other images to copy.
#
#   COPY --from=lprobe:0.1.0 /lprobe /lprobe
#
# `make image` builds it from what `make dist` made: lprobe:0.1.0, and lprobe:0.1.0-full. LPROBE_IMAGE is another name for lprobe.
FROM scratch
ARG BINARY=lprobe
# BuildKit sets it, for each platform, unless it has a default here.
ARG TARGETARCH
COPY ${TARGETARCH}/${BINARY} /lprobe
COPY LICENSE-APACHE LICENSE-MIT /licenses/
# Those of all that is in the binary.
COPY ${TARGETARCH}/${BINARY}.txt /licenses/THIRD-PARTY.txt
# To write to a volume by `lprobe install`, be the volume's owner.
USER 65532:65532
ENTRYPOINT ["/lprobe"]
CMD ["--help"]
