# The image of a release: one binary, for other images to copy.
#
#   COPY --from=lprobe:0.1.0 /lprobe /lprobe
#
# `make image` builds lprobe:0.1.0 and lprobe:0.1.0-full from the files of `make dist`. LPROBE_IMAGE replaces the name lprobe.
FROM scratch
ARG BINARY=lprobe
# BuildKit sets both for each platform, such as arm and v7 for 32-bit ARM, unless they have a default here.
ARG TARGETARCH
ARG TARGETVARIANT
COPY ${TARGETARCH}${TARGETVARIANT}/${BINARY} /lprobe
COPY LICENSE-APACHE LICENSE-MIT /licenses/
# The licences of all components of the binary.
COPY ${TARGETARCH}${TARGETVARIANT}/${BINARY}.txt /licenses/THIRD-PARTY.txt
# To write to a volume by `lprobe install`, run as the owner of the volume.
USER 65532:65532
ENTRYPOINT ["/lprobe"]
CMD ["--help"]
