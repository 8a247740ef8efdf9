"""Tiny models of random weights, of the families that are supported."""

import shutil

import torch
import transformers as tf
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = "a the cat dog sits runs photo of red blue on mat stock market falls very long".split()
SIDE = 32


def tokenizer():
    """Return a tokenizer of whole words, with the special tokens of BERT."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: i for i, word in enumerate(special + WORDS)}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tf.PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        eos_token="[SEP]",
        model_max_length=16,
    )


def processor(kind, **settings):
    """Return an image processor of transformers, for small images."""
    names = {
        "clip": tf.models.clip.CLIPImageProcessorPil,
        "siglip": tf.models.siglip.SiglipImageProcessorPil,
        "vit": tf.models.vit.ViTImageProcessorPil,
        "convnext": tf.models.convnext.ConvNextImageProcessorPil,
        "mobilenet_v2": tf.models.mobilenet_v2.MobileNetV2ImageProcessorPil,
        "bit": tf.models.bit.BitImageProcessorPil,
    }
    return names[kind](**settings)


SQUARE = {"height": SIDE, "width": SIDE}
TRANSFORMER = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
}
VISION = {**TRANSFORMER, "image_size": SIDE, "patch_size": 8}
TEXT = {**TRANSFORMER, "vocab_size": 30, "max_position_embeddings": 16}
END = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}


def _two_towers(config_class, model_class, **settings):
    config = config_class(text_config={**TEXT, **END}, vision_config=VISION, **settings)
    return model_class(config)


def build(family):
    """Return a model of a family with its image processor and its tokenizer, or None for each."""
    torch.manual_seed(0)
    crop = {"size": {"shortest_edge": 40}, "crop_size": SQUARE}
    if family == "clip":
        model = _two_towers(tf.CLIPConfig, tf.CLIPModel, projection_dim=12)
        return model, processor("clip", **crop), tokenizer()
    if family == "siglip":
        model = _two_towers(tf.SiglipConfig, tf.SiglipModel)
        return model, processor("siglip", size=SQUARE), tokenizer()
    if family == "dinov2":
        model = tf.Dinov2Model(tf.Dinov2Config(**VISION, mlp_ratio=2))
        return model, processor("bit", **crop), None
    if family == "vit":
        return tf.ViTModel(tf.ViTConfig(**VISION)), processor("vit", size=SQUARE), None
    if family == "resnet":
        config = tf.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
        return _with_statistics(tf.ResNetModel(config)), processor("convnext", size=_EDGE), None
    if family == "convnext":
        config = tf.ConvNextConfig(hidden_sizes=[8, 16], depths=[1, 1], num_stages=2)
        return tf.ConvNextModel(config), processor("convnext", size=_EDGE), None
    if family == "mobilenet_v2":
        config = tf.MobileNetV2Config(depth_multiplier=0.1, min_depth=4, image_size=SIDE)
        return _with_statistics(tf.MobileNetV2Model(config)), processor(family, **crop), None
    assert family == "bert"
    return tf.BertModel(tf.BertConfig(**TEXT)), None, tokenizer()


_EDGE = {"shortest_edge": SIDE}


def _with_statistics(model):
    """Give batch norms the statistics of some data, without which small nets put out nothing."""
    model.train()
    with torch.no_grad():
        for _ in range(20):
            model(torch.randn(8, 3, SIDE, SIDE))
    return model.eval()


IMAGE_FAMILIES = ["clip", "siglip", "dinov2", "vit", "resnet", "convnext", "mobilenet_v2"]
TEXT_FAMILIES = ["bert", "clip", "siglip"]


def save(family, folder):
    """Save a model of a family as save_pretrained does."""
    for part in build(family):
        if part is not None:
            part.save_pretrained(folder)
    return folder


def download(root, repo_id, saved, commit="1" * 40, reference="main"):
    """Lay out a saved model as the hub's own client does when it has downloaded it."""
    repository = root / f"models--{repo_id.replace('/', '--')}"
    folder = repository / "snapshots" / commit
    shutil.copytree(saved, folder)
    path = repository / "refs" / reference
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(commit)
    return folder
